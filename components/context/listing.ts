import { readRecordIfThere } from "../support/paths";
import { hashIn } from "./copies";
import { listingsFolder } from "./folders";

/** The files of a context: name to mode and content. */
export type Listing = Record<string, string>;

const namedFiles = 5;

export function listingFile(hash: string): string {
  return `${listingsFolder}/${hash}.json`;
}

/** The files of a copy that was made on this machine, by its location. */
export function readListing(location: string): Listing | undefined {
  return readRecordIfThere(listingFile(hashIn(location) ?? ""), isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** What differs between two contexts, in words: `changed src/a.ts; added b, c and 3 more`. */
export function describeChange(before: Listing, after: Listing): string {
  // A file may have any name, also one that every object has: `constructor`.
  const [old, now] = [before, after].map((listing) => new Map(Object.entries(listing)));
  const removed = [...old.keys()].filter((name) => !now.has(name));
  const added = [...now.keys()].filter((name) => !old.has(name));
  const changed = [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name));
  return Object.entries({ changed, added, removed })
    .filter(([, names]) => names.length > 0)
    .map(([verb, names]) => `${verb} ${someOf(names, (name) => describeFile(name, old.get(name), now.get(name)))}`)
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
