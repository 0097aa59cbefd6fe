import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate as pause } from "node:timers/promises";

import { BuildError } from "../support/errors";
import { stagingFolder } from "./folders";
import { IgnorePatterns } from "./ignorePatterns";

/** A file or symbolic link of a context. */
export interface FoundFile {
  /** From the context's root, with slashes. */
  name: string;
  path: string;
  stat: fs.Stats;
  link?: string;
}

/** What a context consists of. */
export interface FoundFiles {
  files: FoundFile[];
  /** Folders that are no part of an ignored one, also empty ones. */
  folders: { name: string; stat: fs.Stats }[];
}

// More than disks answer at once, and far from the limit of open files.
const filesAtOnce = 32;
// Timers and calls of others have their turn.
const filesBetweenPauses = 256;
// Below it, one read is faster than a stream.
const wholeFileBytes = 1 << 20;

/**
 * What at least one of the lists of patterns does not leave out. BuildKit is sent sockets no more than docker-build hashes
 * them; devices and pipes are no files.
 */
export function findFiles(root: string, ignored: readonly IgnorePatterns[]): FoundFiles {
  const found: FoundFiles = { files: [], folders: [] };
  walk(
    root,
    "",
    ignored,
    ignored.map(() => undefined),
    found,
  );
  return found;
}

/** Synchronous: with 100 000 files, ten times as fast as the other way. */
function walk(
  root: string,
  folder: string,
  ignored: readonly IgnorePatterns[],
  parents: readonly (readonly boolean[] | undefined)[],
  found: FoundFiles,
): void {
  for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const full = path.join(root, name);
    const matches = ignored.map((patterns, at) => patterns.match(name, parents[at]));
    const isKept = matches.some(({ isIgnored }) => !isIgnored);
    // Node puts this character for bytes that are no UTF-8, and a file may have it in its name.
    if (name.includes("\uFFFD") && !fs.lstatSync(full, { throwIfNoEntry: false })) {
      if (isKept) {
        throw new BuildError(
          `the name of ${full} is no UTF-8, and BuildKit can't be sent it: rename it, or leave it out (.dockerignore)`,
        );
      }
      continue;
    }
    if (entry.isDirectory()) {
      if (entry.name === stagingFolder) {
        continue;
      }
      if (isKept) {
        found.folders.push({ name, stat: fs.lstatSync(full) });
      }
      if (!matches.every(({ isIgnored }, at) => isIgnored && ignored[at].canSkip(name))) {
        const matched = matches.map((match) => match.matched);
        walk(root, name, ignored, matched, found);
      }
    } else if (isKept && (entry.isFile() || entry.isSymbolicLink())) {
      const link = entry.isSymbolicLink() ? readLink(full) : undefined;
      found.files.push({ name, path: full, stat: fs.lstatSync(full), link });
    }
  }
}

/** docker-build follows each link to see a change, and fails with one that leads to itself. */
function readLink(file: string): string {
  try {
    fs.statSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") {
      throw new BuildError(
        `${file} is a link that leads to itself, which docker-build can't read: remove it, or leave it out (.dockerignore)`,
      );
    }
  }
  return fs.readlinkSync(file);
}

/** The patterns that BuildKit applies to a context without a Dockerfile's own: those at its root. */
export function readRootIgnored(folder: string): IgnorePatterns {
  return (isFolder(folder) && readIgnored(path.join(folder, ".dockerignore"))) || new IgnorePatterns("", "");
}

/** The patterns of a file, if it is there. */
export function readIgnored(file: string): IgnorePatterns | undefined {
  try {
    return new IgnorePatterns(file, readText(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return undefined;
    }
    throw error instanceof BuildError ? error : new BuildError(`${file} can't be read: ${(error as Error).message}`);
  }
}

/** Far beyond what people write into a Dockerfile or a `.dockerignore`. */
const mostTextBytes = 4 * 1024 * 1024;

/** The text of a file that a context's author wrote: a device or a pipe of that name would be read for ever. */
export function readText(file: string): string {
  const stat = fs.statSync(file);
  if (!stat.isFile()) {
    throw new BuildError(`${file} is no regular file`);
  }
  if (stat.size > mostTextBytes) {
    throw new BuildError(`${file} has ${stat.size} bytes: at most ${mostTextBytes} are read`);
  }
  // Files of /proc, to which a link may lead, have no size, and some of them no end.
  return stat.size === 0 ? "" : fs.readFileSync(file, "utf8");
}

export function isFolder(location: string): boolean {
  return fs.statSync(location, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function isFile(location: string): boolean {
  return fs.statSync(location, { throwIfNoEntry: false })?.isFile() ?? false;
}

export async function hashFile(file: string): Promise<string> {
  const hash = crypto.createHash("sha256");
  const stat = fs.statSync(file);
  // A link may lead to one.
  if (!stat.isFile()) {
    throw new BuildError(`${file} is no regular file`);
  }
  if (stat.size === 0) {
    return hash.digest("hex");
  }
  if (stat.size <= wholeFileBytes) {
    // Synchronous as well: the way through Node's threads takes longer than the file.
    hash.update(fs.readFileSync(file));
  } else {
    await pipeline(fs.createReadStream(file, { highWaterMark: wholeFileBytes }), hash);
  }
  return hash.digest("hex");
}

/** Runs the work of each item, some at once, and returns the results in order. */
export async function forEachFile<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await each(items[at]);
      if (at % filesBetweenPauses === 0) {
        await pause();
      }
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  return results;
}
