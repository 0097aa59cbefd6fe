import { rows } from "./rows";

export interface BenchArguments {
  names: readonly string[];
  pairs: number;
}

const fewestPairs = 7;

/** What `--help` says. */
export function helpText(): string {
  const longest = Math.max(...Object.keys(rows).map((name) => name.length));
  const lines = Object.entries(rows).map(
    ([name, { title, minutes }]) => `  ${name.padEnd(longest)}  ${String(minutes).padStart(2)} min  ${title}`,
  );
  return [
    "npm run bench -- [--pairs N] [ROW…]",
    "",
    `Without names all rows, ${fewestPairs} pairs each. What ${fewestPairs} pairs take on two idle cores, about:`,
    ...lines,
    "",
  ].join("\n");
}

/** `[--pairs N] [NAME…]`. */
export function readArguments(args: readonly string[]): BenchArguments {
  const at = args.indexOf("--pairs");
  const pairs = at < 0 ? fewestPairs : Number(args[at + 1]);
  if (!Number.isInteger(pairs) || pairs < 1) {
    throw new Error(
      `--pairs is "${args[at + 1] ?? ""}", and must be a number from 1: from ${fewestPairs} on medians say something.`,
    );
  }
  const names = args.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
  const unknown = names.find((name) => !(name in rows));
  if (unknown) {
    throw new Error(`"${unknown}" is no row: use --pairs N, and names of ${Object.keys(rows).join(", ")}.`);
  }
  return { names: names.length > 0 ? names : Object.keys(rows), pairs };
}
