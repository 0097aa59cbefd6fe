/** What stands before a position in a text. */
export type Before = "start" | "word" | "other";

/** A step of an expression that is matched; behind the last one it has matched. */
export type Step =
  | { kind: "character"; matches: (character: string) => boolean }
  | { kind: "assertion"; holds: (before: Before, isWordNext: boolean) => boolean }
  /** Goes on at all of these positions at once. */
  | { kind: "jump"; to: number[] };

/** Beyond it, `a{1000}` and its like take too long for each character. */
const mostSteps = 10_000;

/** What `**` with a slash becomes: whole folders, or none. */
export const anyFolders = "(?:[^\\n]*/)?";
/** What `?` becomes: one character, which may be two of JavaScript's. */
export const anyCharacter = "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^/\\uD800-\\uDFFF])";

// What stands for one character of the text, as JavaScript reads an expression without flags.
const atomPattern =
  /\[(?:\\[^]|[^\]\\])*\]|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|c[A-Za-z]|[0-3]?[0-7]{1,2}|[^])|[\uD800-\uDBFF][\uDC00-\uDFFF]|[^]/y;
const countPattern = /\*|\{(\d+)(,(\d*))?\}/y;

/**
 * The steps that match `^SOURCE$`.
 * @throws SyntaxError of what is no expression, RangeError of one that is too large.
 */
export function stepsOf(source: string): Step[] {
  // It knows what is malformed.
  new RegExp(`^${source}$`);
  const steps: Step[] = [];
  const toEnd: { to: number[] }[] = [];
  // `^` and `$` are those of the first and the last alternative alone.
  const alternatives = splitAlternatives(source);
  for (const [at, atoms] of alternatives.entries()) {
    const isLast = at === alternatives.length - 1;
    const fork = jump(steps, steps.length + 1);
    const parts = [...(at > 0 ? [anything] : []), ...atoms, ...(isLast ? [] : [anything])];
    parts.forEach((atom) => addRepeated(steps, atom));
    toEnd.push(jump(steps));
    if (!isLast) {
      fork.to.push(steps.length);
    }
  }
  toEnd.forEach(({ to }) => to.push(steps.length));
  return steps;
}

interface Atom {
  source: string;
  least: number;
  most: number;
}

const once = { least: 1, most: 1 };
const anything: Atom = { source: "[^]", least: 0, most: Infinity };

function splitAlternatives(source: string): Atom[][] {
  const alternatives: Atom[][] = [[]];
  for (let at = 0; at < source.length;) {
    const known = [anyFolders, anyCharacter].find((each) => source.startsWith(each, at));
    const atom = known ?? matchAt(atomPattern, source, at)?.[0] ?? "";
    at += atom.length;
    if (atom === "|") {
      alternatives.push([]);
      continue;
    }
    const count = atom === anyFolders ? null : matchAt(countPattern, source, at);
    at += count?.[0].length ?? 0;
    alternatives.at(-1)?.push({ source: atom, ...(count ? countOf(count) : once) });
  }
  return alternatives;
}

function countOf([text, least, range, most]: RegExpExecArray): Omit<Atom, "source"> {
  if (text === "*") {
    return { least: 0, most: Infinity };
  }
  return { least: Number(least), most: most ? Number(most) : range ? Infinity : Number(least) };
}

function addRepeated(steps: Step[], { source, least, most }: Atom): void {
  for (let count = 0; count < least; count += 1) {
    addOnce(steps, source);
  }
  if (most === Infinity) {
    const begin = jump(steps, steps.length + 1);
    addOnce(steps, source);
    jump(steps, steps.length - 2);
    begin.to.push(steps.length);
    return;
  }
  for (let count = least; count < most; count += 1) {
    const begin = jump(steps, steps.length + 1);
    addOnce(steps, source);
    begin.to.push(steps.length);
  }
}

function addOnce(steps: Step[], source: string): void {
  if (steps.length > mostSteps) {
    throw new RangeError("too many repetitions");
  }
  if (source === anyFolders) {
    const begin = jump(steps, steps.length + 1);
    addRepeated(steps, { source: "[^\\n]", least: 0, most: Infinity });
    addOnce(steps, "/");
    begin.to.push(steps.length);
  } else if (source === "^") {
    steps.push({ kind: "assertion", holds: (before) => before === "start" });
  } else if (source === "\\b" || source === "\\B") {
    const isWanted = source === "\\b";
    steps.push({ kind: "assertion", holds: (before, isNext) => ((before === "word") !== isNext) === isWanted });
  } else {
    steps.push({ kind: "character", matches: matcherOf(source) });
  }
}

function matcherOf(source: string): (character: string) => boolean {
  if (!/[[\\(]/.test(source)) {
    return (character) => character === source;
  }
  const expression = compiled(`^(?:${source})$`);
  return (character) => expression.test(character);
}

/** With the flag `u` a character outside of the first 65 536 is one, but not all that is allowed without is allowed with it. */
function compiled(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    return new RegExp(source);
  }
}

function jump(steps: Step[], ...to: number[]): { to: number[] } {
  const step = { kind: "jump" as const, to };
  steps.push(step);
  return step;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
