import * as fs from "node:fs";
import * as path from "node:path";

import { BuildError } from "../support/errors";
import { writeFileAtomically } from "../support/paths";

/** Where this project keeps the copies of contexts, and lists of their files: in its own folder. Never part of a context. */
export const stagingFolder = ".multi-platform-image";
export const contextsFolder = `${stagingFolder}/contexts`;
/** Where the lists of copies' files are kept, for the next build to say what has changed. */
export const listingsFolder = `${stagingFolder}/files`;
/** Where the hashes of unchanged files are kept. */
export const contentsFolder = `${stagingFolder}/contents`;
/** Where each process says of which copies it has use. */
export const usesFolder = `${stagingFolder}/uses`;

/**
 * Makes the folders that are not there. Others on this machine are kept out of the first, and so of all: files in the copies
 * have the modes that Git gives them, also those that nobody else may read where they come from.
 *
 * @throws BuildError where that can't be.
 */
export function makeStagingFolders(): void {
  const fix = "let this user write to the project's folder, or set `stageContext: false` (docs/digests.md)";
  try {
    [contextsFolder, listingsFolder, contentsFolder, usesFolder].forEach(makeInStagingFolder);
  } catch (error) {
    throw error instanceof BuildError
      ? error
      : new BuildError(`no copy of the context can be made: ${(error as Error).message}. Fix: ${fix}`);
  }
}

/** Whether a path leads into the staging folder, or is that folder. */
export function isInStagingFolder(file: string): boolean {
  return `${path.resolve(file)}${path.sep}`.startsWith(`${path.resolve(stagingFolder)}${path.sep}`);
}

/**
 * Makes a folder in the staging folder, and all that it lies in there. Others on this machine are kept out, and Git does not
 * see it.
 *
 * @throws BuildError where one of them is there and no folder; whatever the system says where it can't be made.
 */
export function makeInStagingFolder(folder: string): void {
  let each = stagingFolder;
  makeFolder(each);
  for (const name of path.relative(stagingFolder, folder).split(path.sep).filter(Boolean)) {
    each = path.join(each, name);
    makeFolder(each);
  }
  if ((fs.statSync(stagingFolder).mode & 0o077) !== 0) {
    fs.chmodSync(stagingFolder, 0o700);
  }
  ignoreStagingFolder();
}

function ignoreStagingFolder(): void {
  const ignoreFile = `${stagingFolder}/.gitignore`;
  if (!fs.existsSync(ignoreFile)) {
    writeFileAtomically(ignoreFile, "*\n");
  }
}

/** A link would lead what is removed here to files of others. */
function makeFolder(folder: string): void {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (!found) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } else if (!found.isDirectory()) {
    throw new BuildError(`${folder} must be a folder, and is none: what is old in it is removed. Fix: remove it`);
  }
}
