import * as crypto from "node:crypto";
import * as fs from "node:fs";

import { readRecordIfThere, writeFileAtomically } from "../support/paths";
import { type FoundFile, hashFile } from "./files";
import { contentsFolder } from "./folders";

/** By what an unchanged file is recognized, and the hash of its content. */
type Known = [traits: string, hash: string];

/** A file that was changed so shortly before may be changed again within one tick of its file system's clock. */
const settledMilliseconds = 2_000;

/**
 * The hashes of a context's files, kept from one update to the next: a file whose size, times, inode and mode are those of the
 * last look is not read again. Git's index judges so, and has the same exception for files that had just been changed.
 *
 * @see https://git-scm.com/docs/racy-git
 */
export class KnownContents {
  private readonly file: string;
  private readonly known: ReadonlyMap<string, Known>;
  private readonly found = new Map<FoundFile, string>();
  /** How many files had to be read. */
  readCount = 0;

  /** @param context its folder; and the file of its patterns, by which it has other files. */
  constructor(...context: [folder: string, patterns: string]) {
    const key = crypto.createHash("sha256").update(JSON.stringify(context)).digest("hex").slice(0, 32);
    this.file = `${contentsFolder}/${key}.json`;
    this.known = new Map(Object.entries(readRecordIfThere(this.file, isPair) ?? {}));
  }

  async hashOf(file: FoundFile): Promise<string> {
    const [traits, known] = this.known.get(file.name) ?? [];
    const isKnown = known !== undefined && traits === traitsOf(file.stat);
    this.readCount += isKnown ? 0 : 1;
    const hash = isKnown ? known : await hashFile(file.path);
    this.found.set(file, hash);
    return hash;
  }

  /**
   * Keeps what was found.
   *
   * While the staging folder is locked.
   * @param isUntouched whether no link to a file was made or removed since: that changes the time of its inode.
   */
  keep(isUntouched: boolean): void {
    if (isUntouched && this.readCount === 0 && this.found.size === this.known.size) {
      fs.utimesSync(this.file, new Date(), new Date());
      return;
    }
    const settled = Date.now() - settledMilliseconds;
    const known = [...this.found].flatMap(([{ name, path: file, stat }, hash]): [string, Known][] => {
      const now = isUntouched ? stat : fs.lstatSync(file, { throwIfNoEntry: false });
      const isKnown = now && isSameContent(stat, now) && now.mtimeMs < settled;
      return isKnown ? [[name, [traitsOf(now), hash]]] : [];
    });
    writeFileAtomically(this.file, JSON.stringify(Object.fromEntries(known)));
  }
}

function traitsOf({ size, mtimeMs, ctimeMs, ino, dev, mode }: fs.Stats): string {
  return [size, mtimeMs, ctimeMs, ino, dev, mode].join(" ");
}

function isSameContent(one: fs.Stats, other: fs.Stats): boolean {
  return one.size === other.size && one.mtimeMs === other.mtimeMs && one.ino === other.ino && one.mode === other.mode;
}

function isPair(value: unknown): value is Known {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "string");
}
