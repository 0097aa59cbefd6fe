import * as path from "node:path";

import { BuildError } from "../support/errors";
import { anyCharacter, anyFolders } from "./expressionSteps";
import { LinearExpression } from "./linearExpression";

/**
 * The patterns of a `.dockerignore` file, matched as docker-build and BuildKit match them. A port of moby/patternmatcher
 * v0.6.1, because the one npm package for it is a port of a version from 2020 that matches otherwise (`foo+`, `**`, a
 * parent of a parent), and a file that is wrongly left out would be pushed again under its old tag.
 *
 * @see https://github.com/moby/patternmatcher/blob/v0.6.1/patternmatcher.go
 */
export class IgnorePatterns {
  private readonly patterns: readonly Pattern[];
  private readonly hasExceptions: boolean;
  /** Exceptions without wildcards are good for directories of known names: the others need not be walked. */
  private readonly exceptionDirectories: readonly string[] | undefined;

  constructor(
    readonly file: string,
    text: string,
  ) {
    checkRepeats(file, text);
    this.patterns = readLines(text).map((line) => compile(file, line));
    const exceptions = this.patterns.filter(({ isException }) => isException);
    const directories = exceptions.map(({ text }) => text.replace(/\/\*{1,2}$/, ""));
    this.hasExceptions = exceptions.length > 0;
    this.exceptionDirectories = directories.some((each) => /[*[\]?^\\]/.test(each)) ? undefined : directories;
  }

  /** Whether the path is left out, and what its children need to know: which patterns matched it or a parent. */
  match(file: string, parentMatched: readonly boolean[] | undefined): { isIgnored: boolean; matched: boolean[] } {
    let isIgnored = false;
    const matched = this.patterns.map((pattern, at) => {
      const isMatch = parentMatched?.[at] || (pattern.isException === isIgnored && pattern.matches(file));
      if (isMatch) {
        isIgnored = !pattern.isException;
      }
      return isMatch;
    });
    return { isIgnored, matched };
  }

  /** Whether nothing in an ignored directory can be an exception. */
  canSkip(directory: string): boolean {
    return (
      !this.hasExceptions ||
      !(this.exceptionDirectories?.some((each) => `${each}/`.startsWith(`${directory}/`)) ?? true)
    );
  }
}

/** Braces are no syntax of `.dockerignore`: they reach Go's expressions by accident, and few files have any. */
const mostRepeats = 1_000;

/** Each repetition is one more position that a name is compared at, for each of its characters and each pattern. */
function checkRepeats(file: string, text: string): void {
  const counts = [...text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)];
  const repeats = counts.reduce((sum, [, least, most]) => sum + Math.max(Number(least), Number(most ?? 0)), 0);
  if (repeats > mostRepeats) {
    throw new BuildError(
      `${file}: its patterns have ${repeats} repetitions like "{2,9}" in all: at most ${mostRepeats} are taken`,
    );
  }
}

interface Pattern {
  readonly text: string;
  readonly isException: boolean;
  readonly matches: (file: string) => boolean;
}

/** @see https://github.com/moby/patternmatcher/blob/v0.6.1/ignorefile/ignorefile.go */
function readLines(text: string): string[] {
  return (
    text
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)
      .filter((line) => !line.startsWith("#"))
      .map(trim)
      .filter((line) => line !== "")
      .map((line) => (line.startsWith("!") ? `!${clean(trim(line.slice(1)))}` : clean(line)))
      // Again, as the matcher does with what it is given: a space beside a slash is at an end by now.
      .map(trim)
      .filter((line) => line !== "")
      .map((line) => path.posix.normalize(line).replace(/(.)\/$/, "$1"))
  );
}

const goSpace = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Go's `strings.TrimSpace`: its white space is Unicode's. JavaScript's has the byte order mark, and not U+0085. */
function trim(text: string): string {
  let [begin, end] = [0, text.length];
  while (begin < end && goSpace.test(text[begin])) {
    begin += 1;
  }
  while (end > begin && goSpace.test(text[end - 1])) {
    end -= 1;
  }
  return text.slice(begin, end);
}

/** Go's `filepath.Clean`, and without a slash at the front. */
function clean(pattern: string): string {
  if (pattern === "") {
    return "";
  }
  const normal = path.posix.normalize(pattern);
  const short = normal.length > 1 ? normal.replace(/\/$/, "") : normal;
  return short.length > 1 ? short.replace(/^\//, "") : short;
}

function compile(file: string, line: string): Pattern {
  const isException = line.startsWith("!");
  const text = isException ? line.slice(1) : line;
  try {
    return { text, isException, matches: matcherOf(text) };
  } catch (error) {
    const problem = error instanceof RangeError ? "too large" : "malformed";
    throw new BuildError(
      `${file}: the pattern ${JSON.stringify(line)} is ${problem}; see https://docs.docker.com/build/concepts/context/#syntax`,
    );
  }
}

/**
 * The cases and their order are those of the original, with its quirks: what it matches is what counts. What it refuses
 * is not refused here: docker-build says so itself.
 */
function matcherOf(pattern: string): (file: string) => boolean {
  let kind: "exact" | "prefix" | "suffix" | "expression" = "exact";
  let expression = "";
  const characters = [...pattern];
  for (let at = 0, step = 0; at < characters.length; at++, step++) {
    const character = characters[at];
    if (character === "*" && characters[at + 1] === "*") {
      at++;
      if (characters[at + 1] === "/") {
        at++;
      }
      const isLast = at + 1 >= characters.length;
      expression += isLast ? "[^\\n]*" : anyFolders;
      kind = isLast && kind === "exact" ? "prefix" : "expression";
      if (step === 0) {
        kind = "suffix";
      }
    } else if (character === "*") {
      expression += "[^/]*";
      kind = "expression";
    } else if (character === "?") {
      expression += anyCharacter;
      kind = "expression";
    } else if (".+()$".includes(character)) {
      // Not "|{}": the original means to, and its bitmap has no bit for them.
      expression += `\\${character}`;
    } else if (character === "\\" && at + 1 >= characters.length) {
      // As it is where the pattern has no wildcard; with one, the original refuses it.
      expression += "\\";
    } else if (character === "\\") {
      at++;
      // One letter means another thing in Go: https://pkg.go.dev/regexp/syntax
      expression += characters[at] === "a" ? "\\x07" : `\\${characters[at]}`;
      kind = "expression";
    } else {
      expression += character;
      if (character === "[" || character === "]") {
        kind = "expression";
      }
    }
  }
  switch (kind) {
    case "exact":
      return (file) => file === pattern;
    case "prefix":
      return (file) => file.startsWith(pattern.slice(0, -2));
    case "suffix":
      return (file) => file.endsWith(pattern.slice(2)) || `/${file}` === pattern.slice(2);
    case "expression": {
      const compiled = new LinearExpression(expression);
      return (file) => compiled.test(file);
    }
    default:
      return kind satisfies never;
  }
}
