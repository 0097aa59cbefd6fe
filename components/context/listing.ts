import * as fs from "node:fs";
import * as path from "node:path";

import { readJsonIfThere } from "../paths";
import { stagingFolder } from "./files";

/** The files of a context: name to mode and content. */
export type Listing = Record<string, string>;

const day = 24 * 60 * 60 * 1000;
/** No `up` lasts so long; a copy that is needed again is made again. */
const contextAgeMilliseconds = day;
const listingAgeMilliseconds = 90 * day;
const namedFiles = 5;

/** Where the lists of copies' files are kept, for the next build to say what has changed. */
export const listingsFolder = `${stagingFolder}/files`;

export function listingFile(hash: string): string {
  return `${listingsFolder}/${hash}.json`;
}

/** The files of a copy that was made on this machine, by its location. */
export function readListing(location: string): Listing | undefined {
  return readJsonIfThere<Listing>(listingFile(path.basename(location)));
}

/** What differs between two contexts, in words: `changed src/a.ts; added b, c and 3 more`. */
export function describeChange(before: Listing, after: Listing): string {
  const removed = Object.keys(before).filter((name) => !(name in after));
  const added = Object.keys(after).filter((name) => !(name in before));
  const both = Object.keys(after).filter((name) => name in before && before[name] !== after[name]);
  const parts = { changed: both, added, removed };
  return Object.entries(parts)
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${someOf(names, (name) => describeFile(name, before[name], after[name]))}`)
    .join("; ");
}

function someOf(names: readonly string[], describe: (name: string) => string): string {
  const more = names.length - namedFiles;
  const shown = names.slice(0, namedFiles).map(describe).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** A mode is not seen in an editor. */
function describeFile(name: string, before: string | undefined, after: string | undefined): string {
  const [oldKind, oldContent] = before?.split(" ") ?? [];
  const [kind, content] = after?.split(" ") ?? [];
  const isModeAlone = before !== undefined && after !== undefined && oldContent === content && oldKind !== kind;
  return isModeAlone && kind !== "link" ? `${name} (${kind === "755" ? "now" : "no longer"} executable)` : name;
}

/** Removes copies that no running `up` can have, and lists that are of no use any more. */
export function sweep(contextsFolder: string): void {
  const known = new Set<string>();
  for (const file of fs.readdirSync(listingsFolder)) {
    const full = path.join(listingsFolder, file);
    const age = Date.now() - fs.statSync(full).mtimeMs;
    if (age < contextAgeMilliseconds) {
      known.add(path.basename(file, ".json"));
    } else if (age > listingAgeMilliseconds) {
      fs.rmSync(full, { force: true });
    }
  }
  for (const hash of fs.readdirSync(contextsFolder).filter((each) => !known.has(each))) {
    fs.rmSync(path.join(contextsFolder, hash), { recursive: true, force: true });
  }
}
