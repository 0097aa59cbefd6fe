import { say, withProgress } from "../progress";
import { type Counts, NOTHING } from "./counts";
import { runNode } from "./groups";

const CHECKS: Readonly<Record<string, readonly string[]>> = {
  types: [require.resolve("typescript/bin/tsc"), "--noEmit"],
  eslint: [require.resolve("eslint/package.json").replace(/package\.json$/, "bin/eslint.js"), "."],
  format: [require.resolve("prettier/package.json").replace(/package\.json$/, "bin/prettier.cjs"), "--check", "."],
};

/** The same three as `npm run lint`, all of them even when one fails. */
export async function runLint(): Promise<Counts> {
  say("# lint");
  const counts = { ...NOTHING };
  for (const [name, args] of Object.entries(CHECKS)) {
    const code = await withProgress(`lint ${name}`, () => runNode(args));
    if (code === 0) {
      counts.passed++;
    } else {
      counts.failed++;
      say(`lint ${name}: failed with ${code}; \`npm run format\` repairs what can be repaired`);
    }
  }
  return counts;
}
