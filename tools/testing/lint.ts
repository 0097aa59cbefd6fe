import { say, withProgress } from "../progress";
import { type Counts, NOTHING, oneFailure, sum } from "./counts";
import { runNode } from "./groups";

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: [require.resolve("typescript/bin/tsc"), "--noEmit"],
  eslint: [require.resolve("eslint/package.json").replace(/package\.json$/, "bin/eslint.js"), "."],
  format: [require.resolve("prettier/package.json").replace(/package\.json$/, "bin/prettier.cjs"), "--check", "."],
};

/** The same three as `npm run lint`, all of them even when one fails. */
export async function runLint(): Promise<Counts> {
  say("# lint");
  const counts: Counts[] = [];
  for (const [name, args] of Object.entries(CHECKS)) {
    const code = await withProgress(`lint ${name}`, () => runNode(args));
    counts.push(
      code === 0
        ? { ...NOTHING, passed: 1 }
        : oneFailure(`lint ${name}: failed with ${code}; \`npm run format\` repairs what can be repaired`),
    );
  }
  return sum(counts);
}
