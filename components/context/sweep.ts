import * as fs from "node:fs";
import * as path from "node:path";

import { contentsFolder, contextsFolder, listingsFolder, stagingFolder, usesFolder } from "./folders";

const day = 24 * 60 * 60 * 1000;
/** No update lasts so long; a copy that is needed again is made again. */
export const useMilliseconds = day;
const listingMilliseconds = 90 * day;

const copyPattern = /^[0-9a-f]{32}$/;
const listingPattern = /^([0-9a-f]{32})\.json$/;
const usePattern = /^[0-9a-f]{32}\.[0-9a-f]+$/;
const temporaryPattern = /^\.tmp-/;

/**
 * Removes copies that no running update can have, and lists that are of no use any more. Of other names it removes nothing.
 *
 * @returns whether a copy was removed.
 */
export function sweep(): boolean {
  const listings = entriesOf(listingsFolder, listingPattern);
  const known = new Set(listings.filter(({ age }) => age < useMilliseconds).map(({ name }) => name.slice(0, 32)));
  const copies = entriesOf(contextsFolder, copyPattern).filter(({ name }) => !known.has(name));
  const old = [
    ...copies,
    ...listings.filter(({ age }) => age > listingMilliseconds),
    ...entriesOf(contentsFolder, listingPattern).filter(({ age }) => age > listingMilliseconds),
    ...entriesOf(usesFolder, usePattern).filter(({ age }) => age > useMilliseconds),
    // Of a process that was killed.
    ...entriesOf(stagingFolder, temporaryPattern).filter(({ age }) => age > useMilliseconds),
  ];
  old.forEach(({ file }) => fs.rmSync(file, { recursive: true, force: true }));
  return copies.length > 0;
}

/** What is in a folder under such names; of a link, the link. */
export function entriesOf(folder: string, names: RegExp): { name: string; file: string; age: number }[] {
  return fs
    .readdirSync(folder)
    .filter((name) => names.test(name))
    .map((name) => {
      const file = path.join(folder, name);
      return { name, file, age: Date.now() - fs.lstatSync(file).mtimeMs };
    });
}
