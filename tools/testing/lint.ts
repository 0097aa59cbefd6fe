import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheDirectory, writeFileAtomically } from "../../components/support/paths";
import { say, seconds } from "../progress";
import { NOTHING, oneFailure } from "./counts";
import type { Job } from "./queue";
import { type FileResult, runNode } from "./runFile";
import { ROOT } from "./testFile";

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

/** Of `npm run lint`, what tests don't see: their processes run TypeScript without its types. */
const ofEachRun: readonly string[] = ["types"];

/**
 * Of the three of `npm run lint` those of a tier, all of them even when one fails. What passed is not asked again about the same
 * files: ESLint's own cache can't be used, because its rules go by types of other files. ESLint takes 107 s of a core.
 */
export function lintJobs(all: boolean): Job<FileResult>[] {
  return Object.entries(checks)
    .filter(([check]) => all || ofEachRun.includes(check))
    .map(([check, args]) => ({ name: `lint ${check}`, needs: [], run: () => lint(`lint ${check}`, args) }));
}

/** Of the run: three checks of the same files. */
let hashOfFiles: string | undefined;

async function lint(name: string, args: readonly string[]): Promise<FileResult> {
  const started = Date.now();
  const passed = known(`${name.replace(" ", "-")}-passed`);
  const tree = (hashOfFiles ??= hashOfTree());
  if (fs.existsSync(passed) && fs.readFileSync(passed, "utf8") === tree) {
    say(`# ${name}: passed before, and no file has changed since`);
    return { name, seconds: 0, counts: { ...NOTHING, passed: 1 }, tests: [] };
  }
  say(`# ${name}: begins`);
  const code = await runNode(args, process.env, name);
  if (code === 0) {
    fs.mkdirSync(path.dirname(passed), { recursive: true });
    writeFileAtomically(passed, tree);
  }
  const failure = `${name}: failed with ${code}; \`npm run format\` repairs what can be repaired`;
  const counts = code === 0 ? { ...NOTHING, passed: 1 } : oneFailure(failure);
  say(`# ${name}: ${code === 0 ? "passed" : "failed"} in ${seconds(started)}`);
  return { name, seconds: (Date.now() - started) / 1000, counts, tests: [] };
}

/** Of all files of the checkout that Git does not ignore; the tools' own versions are in package-lock.json. */
function hashOfTree(): string {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\0").filter(Boolean);
  const hash = createHash("sha256");
  for (const file of files.filter((each) => fs.existsSync(path.join(ROOT, each))).sort()) {
    const content = fs.readFileSync(path.join(ROOT, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
