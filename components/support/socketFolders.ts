import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { BuildError } from "./errors";
import { cacheDirectory, entryIn, shortHash, userId } from "./paths";

// Node 20 cuts a longer path silently and listens elsewhere: sun_path holds 104 bytes on macOS, 108 on Linux, with the
// closing NUL. https://man7.org/linux/man-pages/man7/unix.7.html
const longestSocketPathBytes = 103;
// `arm64.1a2b3c4d.sock`
const usualNameBytes = 19;

/**
 * Where folders for sockets of this user may be, the best first. The folder for temporary files has the shortest path, and
 * any user can make a folder there that blocks this one's name for good: only its owner can remove it. Where its path is too
 * long for sockets of such names, the others come before it, and `/tmp` is one of them.
 */
function socketRoots(nameBytes: number): string[] {
  const temporary = shortTemporaryDirectory();
  const isLong = (folder: string) => socketPathBytes(rootIn(folder), nameBytes) > longestSocketPathBytes;
  const others = [process.env.XDG_RUNTIME_DIR, cacheDirectoryIfKnown()].filter((folder) => folder !== undefined);
  const folders = [temporary, ...others.filter((folder) => folder !== ""), ...(isLong(temporary) ? ["/tmp"] : [])];
  return [...folders.filter((each) => !isLong(each)), ...folders.filter(isLong)].map(rootIn);
}

function rootIn(folder: string): string {
  return path.join(folder, `mpi-${userId()}`);
}

function socketPathBytes(root: string, nameBytes: number): number {
  return Buffer.byteLength(path.join(root, shortHash(""), "/")) + nameBytes;
}

function cacheDirectoryIfKnown(): string | undefined {
  try {
    return cacheDirectory();
  } catch {
    return undefined;
  }
}

/** Those of them that are there, and this user's alone. */
export function ownSocketRoots(): string[] {
  return socketRoots(usualNameBytes).filter(isOwn);
}

/**
 * A folder for sockets with a short path of its own, open to this user only.
 * @param nameBytes of the longest name of a socket in it.
 */
export function socketDirectory(key: string, nameBytes = usualNameBytes): string {
  const roots = socketRoots(nameBytes);
  // The first that is there, or can be made: no folder is made in vain.
  const root = roots.find((each) => makeOwn(each) && makeOwn(path.join(each, shortHash(key))));
  if (root === undefined) {
    throw new BuildError(
      `sockets of build nodes need a folder of this user alone (mode 0700), and ${roots.join(", ")} can't be made or are ` +
        "another's. Fix: remove one of them, or set TMPDIR to a folder that this user can write to",
    );
  }
  return path.join(root, shortHash(key));
}

/**
 * Makes such a folder again, where it was removed since. In between its name was free, in a folder where others can make folders.
 * @throws BuildError where it, or what it lies in, is not this user's alone any more.
 */
export function remakeSocketDirectory(directory: string): void {
  const foreign = [path.dirname(directory), directory].find((each) => !makeOwn(each));
  if (foreign !== undefined) {
    throw new BuildError(
      `${foreign} was this user's alone (mode 0700) and is not any more: no socket is opened there. ` +
        "Fix: remove it and run the update again, or set TMPDIR to a folder that this user alone can write to",
    );
  }
}

/** The path of a socket, or an error where the operating system would cut it. */
export function socketPath(directory: string, name: string): string {
  const full = entryIn(directory, name);
  const bytes = Buffer.byteLength(full);
  if (bytes > longestSocketPathBytes) {
    throw new BuildError(
      `the socket path ${full} has ${bytes} bytes, and at most ${longestSocketPathBytes} work: set TMPDIR to a shorter path`,
    );
  }
  return full;
}

function shortTemporaryDirectory(): string {
  // macOS gives every user a TMPDIR of some 50 bytes, half of what a socket's path may have.
  return os.platform() === "darwin" ? "/tmp" : os.tmpdir();
}

function makeOwn(directory: string): boolean {
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch {
    return false;
  }
  return isOwn(directory);
}

/** A link is none, wherever it leads: whoever made it can lead it elsewhere. */
function isOwn(directory: string): boolean {
  try {
    const found = fs.lstatSync(directory);
    return found.isDirectory() && found.uid === userId() && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}
