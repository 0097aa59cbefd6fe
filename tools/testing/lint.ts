import * as path from "node:path";

import { cacheDirectory } from "../../components/paths";
import { say, seconds } from "../progress";
import { NOTHING, oneFailure } from "./counts";
import type { Job } from "./queue";
import { type FileResult, runNode } from "./runFile";

/** Both go by what is in the files, and look again at those alone that have changed. */
const known = (name: string): string => path.join(cacheDirectory(), "test", name);
const typesBefore = ["--incremental", "--tsBuildInfoFile", known("types.tsbuildinfo")];
const formatBefore = ["--cache", "--cache-strategy", "content", "--cache-location", known("prettier")];

const checks: Readonly<Record<string, readonly string[]>> = {
  types: [require.resolve("typescript/bin/tsc"), "--noEmit", ...typesBefore],
  eslint: [require.resolve("eslint/package.json").replace(/package\.json$/, "bin/eslint.js"), "."],
  format: [
    require.resolve("prettier/package.json").replace(/package\.json$/, "bin/prettier.cjs"),
    "--check",
    ".",
    ...formatBefore,
  ],
};

/** The same three as `npm run lint`, all of them even when one fails. */
export const lintJobs: readonly Job<FileResult>[] = Object.entries(checks).map(([check, args]) => ({
  name: `lint ${check}`,
  needs: [],
  run: () => lint(`lint ${check}`, args),
}));

async function lint(name: string, args: readonly string[]): Promise<FileResult> {
  const started = Date.now();
  say(`# ${name}: begins`);
  const code = await runNode(args, process.env, name);
  const failure = `${name}: failed with ${code}; \`npm run format\` repairs what can be repaired`;
  const counts = code === 0 ? { ...NOTHING, passed: 1 } : oneFailure(failure);
  say(`# ${name}: ${code === 0 ? "passed" : "failed"} in ${seconds(started)}`);
  return { name, seconds: (Date.now() - started) / 1000, counts, tests: [] };
}
