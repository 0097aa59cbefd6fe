import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import * as lockfile from "proper-lockfile";

import { BuildError } from "../support/errors";
import { writeFileAtomically } from "../support/paths";
import { KnownContents } from "./contents";
import { copyLocation } from "./copies";
import { findFiles, forEachFile, type FoundFile, type FoundFiles } from "./files";
import { makeInStagingFolder, makeStagingFolders, stagingFolder } from "./folders";
import type { IgnorePatterns } from "./ignorePatterns";
import { type Listing, listingFile } from "./listing";
import { placeFile, type Placed, placeFolders } from "./copyFiles";
import { sweep } from "./sweep";
import { noteUse } from "./uses";

/** A copy of a context, whose location is the same wherever its files are. */
export interface StagedContext {
  location: string;
  cost: StagingCost;
}

/** What the copy has cost this time. */
export interface StagingCost {
  files: number;
  /** Those that were not known from the last time. */
  read: number;
  linked: number;
  copied: number;
  copiedBytes: number;
  milliseconds: number;
}

const hashCharacters = 32;
// A lock is taken over from a process that has not said for so long that it lives.
const lock = {
  stale: 20_000,
  retries: { retries: 600, factor: 1.2, minTimeout: 50, maxTimeout: 1_000 },
  // Harmless: files are renamed into place, so whoever took the lock just finishes the work.
  onCompromised: () => undefined,
};

const lockedForLong =
  `another update has been at the copies of contexts in ${stagingFolder} for ten minutes. ` +
  `Fix: end it if it hangs; or remove ${stagingFolder}/lock, where no other runs.`;

/**
 * Makes a copy of a folder's files as BuildKit would be sent them, below the project's folder (the current one), and says
 * where. docker-build compares the location as text and hashes names, contents and modes: both are the same on every
 * machine here, because the location is made of names, contents and what Git keeps of a mode, and each file has the mode
 * that Git gives it.
 *
 * A copy is used by all that have the same files, at once, and is never one of other files: no build sees another's
 * change. It is made good each time, because a hard link is changed by whoever edits the file in place.
 *
 * @param folder the context, which is left as it is.
 * @param ignored the patterns that BuildKit applies to it.
 * @param name the last element of the copy's path.
 */
export async function stageContext(folder: string, ignored: IgnorePatterns, name: string): Promise<StagedContext> {
  const begin = performance.now();
  const { files, folders } = findFiles(folder, [ignored]);
  const contents = new KnownContents(path.resolve(folder), ignored.file);
  const listing = await listFiles(files, contents);
  const hash = hashListing(listing);
  const location = copyLocation(hash, name);
  makeStagingFolders();
  const placed = await oneAtATime(async () => {
    noteUse(hash, location, privateNames(files));
    const all = await placeAll(location, { files, folders });
    keepListing(hash, listing);
    const isSwept = sweep();
    contents.keep(!isSwept && !all.includes("linked"));
    return all;
  });
  return {
    location,
    cost: { ...costOf(files, placed), read: contents.readCount, milliseconds: performance.now() - begin },
  };
}

async function placeAll(location: string, { files, folders }: FoundFiles): Promise<Placed[]> {
  makeInStagingFolder(path.dirname(location));
  const made = placeFolders(location, folders, files);
  return forEachFile(files, (file) => {
    const isNew = made.has(path.posix.dirname(file.name));
    return placeFile(file, path.join(location, file.name), stagingFolder, isNew);
  });
}

let last: Promise<unknown> = Promise.resolve();

/** In this process by a queue, and among several by a lock: those that wait for it ask again and again. */
async function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(async () => {
    const release = await lockfile
      .lock(stagingFolder, { ...lock, lockfilePath: `${stagingFolder}/lock` })
      .catch((error: NodeJS.ErrnoException) => {
        throw error.code === "ELOCKED" ? new BuildError(lockedForLong) : error;
      });
    try {
      return await work();
    } finally {
      // Fails when another process has taken it over.
      await release().catch(() => undefined);
    }
  });
  last = mine.catch(() => undefined);
  return mine;
}

/** Each file's name, and what makes it a changed one: its kind and content. */
async function listFiles(files: readonly FoundFile[], contents: KnownContents): Promise<Listing> {
  const kinds = await forEachFile(files, async (file) =>
    file.link === undefined
      ? `${file.stat.mode & 0o100 ? "755" : "644"} ${await contents.hashOf(file)}`
      : `link ${file.link}`,
  );
  const entries = files.map(({ name }, at): [string, string] => [name, kinds[at]]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function hashListing(listing: Listing): string {
  // As pairs: JavaScript has an order of its own for keys that are numbers.
  const pairs = Object.entries(listing).sort(([a], [b]) => (a < b ? -1 : 1));
  // Where a copy has its name below the hash: one of a clone before has other files there.
  return crypto
    .createHash("sha256")
    .update(JSON.stringify(["named", pairs]))
    .digest("hex")
    .slice(0, hashCharacters);
}

/** Those that somebody on this machine may not read. */
function privateNames(files: readonly FoundFile[]): string[] {
  return files.filter(({ stat, link }) => link === undefined && (stat.mode & 0o004) === 0).map(({ name }) => name);
}

/** Its time says when the copy was last used. */
function keepListing(hash: string, listing: Listing): void {
  const file = listingFile(hash);
  if (fs.existsSync(file)) {
    fs.utimesSync(file, new Date(), new Date());
  } else {
    writeFileAtomically(file, JSON.stringify(listing));
  }
}

function costOf(files: readonly FoundFile[], placed: readonly Placed[]): Omit<StagingCost, "read" | "milliseconds"> {
  const count = (kind: Placed) => placed.filter((each) => each === kind).length;
  const bytes = files.map(({ stat }, at) => (placed[at] === "copied" ? stat.size : 0));
  return {
    files: files.length,
    linked: count("linked"),
    copied: count("copied"),
    copiedBytes: bytes.reduce((sum, each) => sum + each, 0),
  };
}
