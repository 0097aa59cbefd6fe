import * as pulumi from "@pulumi/pulumi";
import { closest, distance } from "fastest-levenshtein";

import { BuildError } from "../support/errors";
import type { OtherNames } from "./otherNames";
import type { Argument, ArgumentTable, Kind } from "./table";

/** Where arguments are, for errors. */
export interface ArgumentPlace {
  /** What errors begin with: `MultiPlatformImage api`. */
  owner: string;
  /** The argument that they are in: `registries[0]`. None for the outermost. */
  path?: string;
  otherNames?: OtherNames;
}

/** In words. No message holds a value: it may be a password under a wrong name. */
const forms: Record<Exclude<Kind, "any">, { isOne: (value: unknown) => boolean; words: string }> = {
  text: { isOne: (value) => typeof value === "string", words: "a text" },
  flag: { isOne: (value) => typeof value === "boolean", words: "true or false" },
  number: { isOne: (value) => typeof value === "number", words: "a number" },
  list: { isOne: Array.isArray, words: "a list" },
  record: { isOne: isObject, words: "an object" },
};

/** Up to so many letters are wrong, added or left out in a name that is meant for another. */
const mostWrongLetters = 3;

/**
 * Refuses names that are no argument, and values that can't be one. JavaScript does neither, nor does TypeScript behind a
 * spread, and what is not known would be left out without a word.
 *
 * @throws BuildError that names the argument, and the one that was meant.
 */
export function checkArguments(place: ArgumentPlace, given: unknown, table: ArgumentTable): void {
  const { owner, path = "", otherNames = {} } = place;
  if (isDeferred(given) || !isObject(given)) {
    throw wrongForm(owner, path, given, "an object");
  }
  for (const [name, value] of Object.entries(given)) {
    // A spread of something optional leaves names without a value.
    if (value === undefined || value === null) {
      continue;
    }
    const own = path ? `${path}.${name}` : name;
    if (!Object.hasOwn(table, name)) {
      const other = otherNames[own.replace(/\[\d+\]/g, "")] as string | undefined;
      throw new BuildError(`${owner}: \`${own}\` is no argument: ${other ?? meant(name, Object.keys(table))}`);
    }
    checkValue({ owner, path: own, otherNames }, value, table[name]);
  }
}

/** Refuses an output where the program itself has to know, which runs before any value of another resource is there. */
export function refuseOutput(owner: string, path: string, value: unknown, words: string): void {
  if (isDeferred(value)) {
    const remedy = `give ${words} as it is: what is declared depends on it, before the values of other resources are known`;
    throw new BuildError(`${owner}: \`${path}\` is an output: ${remedy}`);
  }
}

/** Whether it is known only when other resources are: an output or a promise. */
export function isDeferred(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

type ArgumentsPlace = Required<ArgumentPlace>;

function checkValue(place: ArgumentsPlace, value: unknown, argument: Argument): void {
  if (typeof argument !== "string") {
    checkNested(place, value, argument);
    return;
  }
  const { owner, path } = place;
  const [kind, isPlain] = argument.startsWith("plain ") ? [argument.slice("plain ".length), true] : [argument, false];
  if (kind === "any") {
    return;
  }
  const { isOne, words } = forms[kind as Exclude<Kind, "any">];
  if (isPlain) {
    refuseOutput(owner, path, value, words);
  }
  if (!isDeferred(value) && !isOne(value)) {
    throw wrongForm(owner, path, value, words);
  }
}

function checkNested(place: ArgumentsPlace, value: unknown, argument: Exclude<Argument, string>): void {
  if (isDeferred(value)) {
    return;
  }
  if (!isListOf(argument)) {
    checkArguments(place, value, argument);
    return;
  }
  if (!Array.isArray(value)) {
    throw wrongForm(place.owner, place.path, value, "a list");
  }
  for (const [at, entry] of value.entries()) {
    if (!isDeferred(entry)) {
      checkArguments({ ...place, path: `${place.path}[${at}]` }, entry, argument[0]);
    }
  }
}

function isListOf(argument: Exclude<Argument, string>): argument is readonly [ArgumentTable] {
  return Array.isArray(argument);
}

function wrongForm(owner: string, path: string, value: unknown, words: string): BuildError {
  const subject = path ? `\`${path}\` is` : "what is given is";
  return new BuildError(`${owner}: ${subject} ${formOf(value)}: ${words} is allowed`);
}

function formOf(value: unknown): string {
  if (isDeferred(value)) {
    return "an output";
  }
  const known = Object.values(forms).find(({ isOne }) => isOne(value));
  return typeof value === "boolean" ? String(value) : (known?.words ?? typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The name that is nearest, or all of them. */
function meant(name: string, names: readonly string[]): string {
  const withoutCase = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const nearest = closest(withoutCase(name), names.map(withoutCase));
  const isNear = distance(withoutCase(name), nearest) <= Math.min(mostWrongLetters, Math.floor(nearest.length / 3));
  const known = names.find((each) => withoutCase(each) === nearest);
  return isNear && known ? `do you mean \`${known}\`?` : `those that are known are ${[...names].sort().join(", ")}`;
}
