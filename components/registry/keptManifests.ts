import * as fs from "node:fs";
import * as path from "node:path";

import { makeCacheFolder } from "../support/ownFolders";
import { cacheDirectory, shortHash, writeFileAtomically } from "../support/paths";
import { digestOf } from "./manifest";

const digestPattern = /^sha256:([0-9a-f]{64})$/;
const keptName = /^[0-9a-f]{64}-[0-9a-f]{8}\.json$/;
const keptMilliseconds = 90 * 24 * 60 * 60 * 1_000;

/**
 * A manifest or an index that this machine has read before. Its bytes are kept and not what was read from them, because bytes
 * prove themselves: a cache that others may write to, as those of CI systems, can then hide nothing and forge nothing.
 *
 * @param purpose what was asked for it: that one registry has it says nothing of another.
 */
export function readKept(digest: string, purpose: string): Buffer | undefined {
  try {
    const bytes = fs.readFileSync(fileOf(digest, purpose));
    return digestOf(bytes) === digest ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** A cache that can't be written costs a request in the next update, and nothing else. */
export function keep(digest: string, purpose: string, bytes: Buffer): void {
  try {
    const file = fileOf(digest, purpose);
    makeCacheFolder(path.dirname(file));
    writeFileAtomically(file, bytes);
    sweep(path.dirname(file));
  } catch {
    return;
  }
}

function fileOf(digest: string, purpose: string): string {
  const [, hash] = digestPattern.exec(digest) ?? [];
  if (hash === undefined) {
    throw new Error(`${JSON.stringify(digest)} is no digest`);
  }
  return path.join(cacheDirectory(), "manifests", `${hash}-${shortHash(purpose)}.json`);
}

/** What is needed again is asked for again. Of files of ours alone: the folder may be one that is used for others, too. */
function sweep(folder: string): void {
  for (const name of fs.readdirSync(folder).filter((each) => keptName.test(each))) {
    const file = path.join(folder, name);
    if (Date.now() - fs.statSync(file).mtimeMs > keptMilliseconds) {
      fs.rmSync(file, { force: true });
    }
  }
}
