import * as crypto from "node:crypto";

import { hashIn } from "./copies";
import {
  findFiles,
  forEachFile,
  type FoundFile,
  hashFile,
  isFile,
  isFolder,
  readIgnored,
  readRootIgnored,
} from "./files";
import type { IgnorePatterns } from "./ignorePatterns";

/** Where a build takes its files from, as docker-build gets them. */
export interface ContextLocations {
  context: string;
  /** Of a Dockerfile that is a file; none for one that is inline. */
  dockerfile?: string;
  /** Named contexts: name to location. */
  named: Record<string, string>;
}

/**
 * A hash of all files that docker-build hashes to see a change, and of all that BuildKit is sent: the same on every
 * machine. What either of them takes is in it, because a tag must change when docker-build builds again, and when what is
 * built differs. A context that is staged counts by its location, which has the hash of its files in it, and by
 * what its links lead to.
 *
 * Of others it differs from docker-build's own hash in these cases:
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
  if (dockerfile !== undefined && isFile(dockerfile)) {
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
  const found = findFiles(folder, ignored).files.sort((a, b) => (a.name < b.name ? -1 : 1));
  // The location of a copy stands for its files, but not for those outside of it that links lead to.
  const copy = hashIn(folder);
  const files = copy === undefined ? found : found.filter(({ link }) => link !== undefined);
  if (copy !== undefined) {
    addLine(hash, purpose, copy);
  }
  const contents = await forEachFile(files, contentOf);
  for (const [at, { name, stat, link }] of files.entries()) {
    addLine(hash, purpose, name, link ?? (stat.mode & 0o7777).toString(8), contents[at]);
  }
}

/** A link's content is that of the file that it leads to, because docker-build follows it. */
async function contentOf({ path: file, link }: FoundFile): Promise<string> {
  return link !== undefined && !isFile(file) ? "" : hashFile(file);
}

/** One line that no other parts make. */
function addLine(hash: crypto.Hash, ...parts: string[]): void {
  hash.update(`${JSON.stringify(parts)}\n`);
}
