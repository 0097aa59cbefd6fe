import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import * as lockfile from "proper-lockfile";

import { stagingFolder, usesFolder } from "./folders";
import { entriesOf, useMilliseconds } from "./sweep";

/** Tells the uses of this process from those of others: process ids are the same in two containers. */
const user = crypto.randomBytes(8).toString("hex");

interface Use {
  /** The folder that paths of copies are from. */
  project: string;
  hash: string;
  location: string;
  /** What others may not read where it comes from. */
  names: ReadonlySet<string>;
}

/** What this process uses: project and location of a copy to the use of it. */
const copied = new Map<string, Use>();

/**
 * Notes that this process has use of a copy, and which of its files are to go with the process: a key is removed or replaced
 * where it lies, and its owner knows of no other place.
 *
 * While the staging folder is locked.
 */
export function noteUse(hash: string, location: string, privateNames: readonly string[]): void {
  fs.writeFileSync(path.join(usesFolder, `${hash}.${user}`), "", { mode: 0o600 });
  const project = process.cwd();
  const key = JSON.stringify([project, location]);
  if (copied.size === 0) {
    process.once("exit", endUses);
  }
  const names = copied.get(key)?.names ?? new Set();
  copied.set(key, { project, hash, location, names: new Set([...names, ...privateNames]) });
}

/** Ends the uses of this process, and removes its private files from copies that no other one uses. */
export function endUses(): void {
  for (const use of copied.values()) {
    try {
      endUse(use);
    } catch {
      // Another process makes a copy at this moment: the next sweep has what stays.
    }
  }
  copied.clear();
}

function endUse({ project, hash, location, names }: Use): void {
  const folder = path.join(project, stagingFolder);
  const release = lockfile.lockSync(folder, { lockfilePath: path.join(folder, "lock") });
  try {
    fs.rmSync(path.join(project, usesFolder, `${hash}.${user}`), { force: true });
    const uses = entriesOf(path.join(project, usesFolder), new RegExp(`^${hash}\\.`));
    if (uses.every(({ age }) => age > useMilliseconds)) {
      names.forEach((name) => fs.rmSync(path.join(project, location, name), { force: true }));
    }
  } finally {
    release();
  }
}
