import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";

import { BuildError } from "../errors";
import { IgnorePatterns } from "./ignorePatterns";

/** Where a build takes its files from, as docker-build is told. */
export interface ContextLocations {
  context: string;
  /** Of a Dockerfile that is a file; none for one that is inline. */
  dockerfile?: string;
  /** Named contexts: name to location. */
  named: Record<string, string>;
}

interface FoundFile {
  /** From the folder's root, with slashes. */
  name: string;
  path: string;
  mode: number;
  link?: string;
}

// More than disks answer at once, and far from the limit of open files.
const filesAtOnce = 32;
// Below it, one read is faster than a stream.
const wholeFileBytes = 1 << 20;

/**
 * A hash of all files that docker-build hashes to see a change, and of all that BuildKit is sent: the same on every
 * machine. What either of them takes is in it, because a tag must change when docker-build builds again, and when what is
 * built differs. That differs from docker-build's own hash in these cases:
 *
 * - a file of a named context that the root's `.dockerignore` hides from docker-build, but not from BuildKit
 *   (https://github.com/pulumi/pulumi-docker-build/pull/980);
 * - the text of a symbolic link, beside the file that it leads to;
 * - the files after a broken link, which docker-build leaves out.
 *
 * Of a file counts its name, its content, and its mode as far as docker-build compares it: the permissions. Not owner,
 * times and folders, which docker-build leaves out, too. Nothing of an URL is fetched: docker-build does not either.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/context.go
 */
export async function hashContext({ context, dockerfile, named }: ContextLocations): Promise<string> {
  const hash = crypto.createHash("sha256");
  const own = dockerfile === undefined ? undefined : readIgnored(`${dockerfile}.dockerignore`);
  // docker-build looks for a Dockerfile's own patterns even when there is no file: then in the project's folder.
  const compared = (dockerfile === undefined ? readIgnored(".dockerignore") : own) ?? readRootIgnored(context);
  const sent = own ?? readRootIgnored(context);
  if (dockerfile !== undefined && fs.statSync(dockerfile, { throwIfNoEntry: false })?.isFile()) {
    addLine(hash, "dockerfile", await hashFile(dockerfile));
  }
  await addFolder(hash, "context", context, [compared, sent]);
  for (const name of Object.keys(named).sort()) {
    await addFolder(hash, `named ${name}`, named[name], [compared, readRootIgnored(named[name])]);
  }
  return hash.digest("hex");
}

async function addFolder(
  hash: crypto.Hash,
  purpose: string,
  folder: string,
  ignored: readonly IgnorePatterns[],
): Promise<void> {
  if (!isFolder(folder)) {
    return;
  }
  const files = (await findFiles(folder, "", ignored)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const contents = await mapAtMost(filesAtOnce, files, contentOf);
  for (const [at, { name, mode, link }] of files.entries()) {
    addLine(hash, purpose, name, link ?? (mode & 0o7777).toString(8), contents[at]);
  }
}

/** The files that at least one of the lists of patterns does not leave out. */
async function findFiles(
  root: string,
  folder: string,
  ignored: readonly IgnorePatterns[],
  parents: readonly (readonly boolean[] | undefined)[] = ignored.map(() => undefined),
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const entry of await fs.promises.readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const matches = ignored.map((patterns, at) => patterns.match(name, parents[at]));
    if (entry.isDirectory()) {
      if (!matches.every(({ isIgnored }, at) => isIgnored && ignored[at].canSkip(name))) {
        const matched = matches.map((match) => match.matched);
        found.push(...(await findFiles(root, name, ignored, matched)));
      }
    } else if (matches.some(({ isIgnored }) => !isIgnored) && (entry.isFile() || entry.isSymbolicLink())) {
      const full = path.join(root, name);
      const { mode } = await fs.promises.lstat(full);
      const link = entry.isSymbolicLink() ? await fs.promises.readlink(full) : undefined;
      found.push({ name, path: full, mode, link });
    }
  }
  return found;
}

/** A link's content is that of the file that it leads to, because docker-build follows it. */
async function contentOf({ path: file, link }: FoundFile): Promise<string> {
  if (link !== undefined && !(await fs.promises.stat(file).catch(() => undefined))?.isFile()) {
    return "";
  }
  return hashFile(file);
}

async function hashFile(file: string): Promise<string> {
  const hash = crypto.createHash("sha256");
  if ((await fs.promises.stat(file)).size <= wholeFileBytes) {
    hash.update(await fs.promises.readFile(file));
  } else {
    await pipeline(fs.createReadStream(file, { highWaterMark: wholeFileBytes }), hash);
  }
  return hash.digest("hex");
}

/** One line that no other parts make. */
function addLine(hash: crypto.Hash, ...parts: string[]): void {
  hash.update(`${JSON.stringify(parts)}\n`);
}

function readRootIgnored(folder: string): IgnorePatterns {
  return (isFolder(folder) && readIgnored(path.join(folder, ".dockerignore"))) || new IgnorePatterns("", "");
}

function readIgnored(file: string): IgnorePatterns | undefined {
  try {
    return new IgnorePatterns(file, fs.readFileSync(file, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return undefined;
    }
    throw error instanceof BuildError ? error : new BuildError(`${file} can't be read: ${(error as Error).message}`);
  }
}

function isFolder(location: string): boolean {
  return fs.statSync(location, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function mapAtMost<T, R>(limit: number, items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await each(items[at]);
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
