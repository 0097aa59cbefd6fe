import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { BuildError } from "../support/errors";
import type { FoundFile, FoundFiles } from "./files";

/** How a file came to be in a copy. */
export type Placed = "kept" | "linked" | "copied";

const folderMode = 0o755;

/** The modes that Git knows: https://git-scm.com/docs/git-update-index#_description */
function gitMode({ mode }: fs.Stats): number {
  return mode & 0o100 ? 0o755 : 0o644;
}

/**
 * Makes the folders of a copy that are not there. Empty ones may stay from an earlier time: Git has none, and so they are
 * no part of what a copy is known by.
 *
 * @returns the folders that were made: nothing is in them yet.
 */
export function placeFolders(
  location: string,
  folders: FoundFiles["folders"],
  files: readonly FoundFile[],
): ReadonlySet<string> {
  const made = new Set<string>();
  const parents = files.map(({ name }) => path.posix.dirname(name));
  const names = new Set([".", ...folders.map(({ name }) => name), ...parents]);
  // Parents first: they are shorter.
  for (const name of [...withParents(names)].sort((one, other) => one.length - other.length)) {
    const folder = path.join(location, name);
    const there = fs.lstatSync(folder, { throwIfNoEntry: false });
    if (there?.isSymbolicLink()) {
      throw new BuildError(`${folder} is a link, and nothing is written where it leads. Fix: remove it.`);
    }
    if (!there) {
      fs.mkdirSync(folder, { recursive: true });
      made.add(name);
    }
    // mkdir applies the umask.
    fs.chmodSync(folder, folderMode);
  }
  return made;
}

function withParents(names: ReadonlySet<string>): Set<string> {
  const all = new Set<string>();
  for (const name of names) {
    for (let each = name; !all.has(each); each = path.posix.dirname(each)) {
      all.add(each);
    }
  }
  return all;
}

/**
 * Puts a file into a copy, unless it is there: by a hard link where its mode is one of Git's, so that it takes
 * neither time nor room, else as a copy with Git's mode. The file itself is never touched: a link shares its mode.
 *
 * @param temporaryFolder on the same file system, and no part of the copy.
 * @param isNew whether nothing has been in the file's folder: then a link is one call, and is whole at once.
 */
export async function placeFile(
  file: FoundFile,
  target: string,
  temporaryFolder: string,
  isNew: boolean,
): Promise<Placed> {
  if (isNew && canLink(file) && linkAtOnce(file.path, target)) {
    return "linked";
  }
  if (isInPlace(file, target)) {
    return "kept";
  }
  const temporary = path.join(temporaryFolder, `.tmp-${process.pid}-${crypto.randomBytes(6).toString("hex")}`);
  const placed = await make(file, temporary);
  await fs.promises.rename(temporary, target);
  return placed;
}

function isInPlace({ stat, link }: FoundFile, target: string): boolean {
  const there = fs.lstatSync(target, { throwIfNoEntry: false });
  if (!there || link !== undefined) {
    return there !== undefined && there.isSymbolicLink() && fs.readlinkSync(target) === link;
  }
  const isSame = there.ino === stat.ino && there.dev === stat.dev;
  // Times are set with less than nanoseconds.
  const isCopy = there.size === stat.size && Math.abs(there.mtimeMs - stat.mtimeMs) < 1;
  return there.isFile() && (there.mode & 0o7777) === gitMode(stat) && (isSame || isCopy);
}

function canLink({ stat, link }: FoundFile): boolean {
  return link === undefined && (stat.mode & 0o7777) === gitMode(stat);
}

/** Synchronous: with 20 000 files, three times as fast as the other way. */
function linkAtOnce(source: string, target: string): boolean {
  try {
    fs.linkSync(source, target);
    return true;
  } catch {
    // Another file system, one without hard links, or another user's file: a copy will do, or say what is wrong.
    return false;
  }
}

async function make(file: FoundFile, target: string): Promise<Placed> {
  const { path: source, stat, link } = file;
  if (link !== undefined) {
    await fs.promises.symlink(link, target);
    await fs.promises.lutimes(target, stat.atime, stat.mtime);
    return "linked";
  }
  if (canLink(file) && linkAtOnce(source, target)) {
    return "linked";
  }
  await fs.promises.copyFile(source, target, fs.constants.COPYFILE_FICLONE);
  await fs.promises.chmod(target, gitMode(stat));
  await fs.promises.utimes(target, stat.atime, stat.mtime);
  return "copied";
}
