import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { BuildError } from "./errors";
import { cacheDirectory, userId } from "./paths";

/**
 * Makes a folder below {@link cacheDirectory} that nothing works without.
 * @throws BuildError where this user can't write, or others can.
 */
export function makeCacheFolder(folder: string): void {
  const fix = "set MULTI_PLATFORM_IMAGE_CACHE to a folder that this user alone can write to";
  try {
    makeOwnFolder(folder, cacheDirectory(), fix);
  } catch (error) {
    throw error instanceof BuildError
      ? error
      : new BuildError(
          `${folder} can't be made: ${(error as Error).message}. Fix: let this user write there, or ${fix}`,
        );
  }
}

/**
 * Makes a folder, and all that it lies in below a root, the root too; what is there already must be this user's own, so that
 * nobody else can put anything in place of what is in it: others can make folders in /tmp, and links that lead elsewhere.
 *
 * @throws BuildError where another user has made one of them, or may write there; whatever the system says where it can't be made.
 */
export function makeOwnFolder(folder: string, root: string, fix: string): void {
  const names = path.relative(root, folder).split(path.sep).filter(Boolean);
  let each = root;
  for (const next of ["", ...names]) {
    each = path.join(each, next);
    fs.mkdirSync(each, { recursive: true, mode: 0o700 });
    const problem = foreignness(each);
    if (problem) {
      throw new BuildError(`${each} ${problem}: nothing is kept there. Fix: remove it, or ${fix}`);
    }
  }
}

/** A link that this user made leads where this user wants. Root is everybody, and `sudo` may leave HOME as it was. */
function foreignness(folder: string): string | undefined {
  const owners = [userId(), 0, ownerOf(os.homedir)];
  const [found, target] = [fs.lstatSync(folder), fs.statSync(folder)];
  const foreign = [found, target].find(({ uid }) => !owners.includes(uid));
  if (foreign) {
    return `is another user's (number ${foreign.uid})`;
  }
  return target.mode & 0o002 ? `may be written to by all users (mode ${(target.mode & 0o777).toString(8)})` : undefined;
}

function ownerOf(folder: () => string): number | undefined {
  try {
    return fs.statSync(folder()).uid;
  } catch {
    return undefined;
  }
}
