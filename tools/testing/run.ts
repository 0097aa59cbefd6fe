import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { say, seconds } from "../progress";
import type { TestArguments } from "./arguments";
import { touchedByChanges } from "./changed";
import { cpuSeconds } from "./cpu";
import { type Counts, sum, summary } from "./counts";
import { takeAlongWhenInterrupted } from "./interrupt";
import { keepResults, longestFirst } from "./lastRun";
import { lintJobs } from "./lint";
import { needsOf, prepareFor } from "./preparations";
import { type Job, Queue } from "./queue";
import { IdleCores } from "./room";
import { type FileResult, runFile } from "./runFile";
import { type TestFile, testFiles, together } from "./testFile";

const MOST_SHOWN = 10;

/** Runs tests, each file in a process of its own, and what they need beside them. Says how all ended. */
export async function runTests({ all, groups, lint, changed }: TestArguments): Promise<Counts> {
  const started = Date.now();
  const isWanted = changed ? touchedByChanges() : undefined;
  const wanted = groups.flatMap((group) => testFiles(group, isWanted));
  const chosen = wanted.filter(({ isNightly }) => all || !isNightly);
  const files = longestFirst(together(chosen), all);
  const left = wanted.length - chosen.length;
  say(`# ${chosen.length} files of ${groups.join(", ")}: ${all ? "all tests" : "one trial of each proof"}`);
  if (left > 0) {
    say(`# ${left} files are left for npm run test:all`);
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpt-"));
  // Tests that are other users, too, work below it.
  fs.chmodSync(folder, 0o711);
  const isOver = takeAlongWhenInterrupted(folder);
  try {
    const jobs = [
      ...(lint ? lintJobs(all) : []),
      ...files.map((file, at) => jobOf(file, path.join(folder, `${at}`), all)),
    ];
    const queue = new Queue<FileResult>(jobs, new IdleCores());
    const [results, prepared] = await Promise.all([queue.run(), prepareFor(files, (need) => queue.provide(need))]);
    keepResults(all, results);
    return conclude([...prepared, ...results], started);
  } finally {
    isOver();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function jobOf(file: TestFile, folder: string, all: boolean): Job<FileResult> {
  return { name: file.name, needs: needsOf(file), run: () => runFile(file, folder, all) };
}

function conclude(results: readonly FileResult[], started: number): Counts {
  const total = sum(results.map(({ counts }) => counts));
  say(`\nnpm test: ${seconds(started)}, ${Math.round(cpuSeconds())} s of a core`);
  say(`longest: ${most(results, "seconds")}`);
  say(`most of a core: ${most(results, "cpuSeconds")}`);
  total.repeats.forEach((repeat) => say(`↻ ${repeat}`));
  total.failures.forEach((failure) => say(`✗ ${failure}`));
  say(summary(total));
  return total;
}

function most(results: readonly FileResult[], what: "seconds" | "cpuSeconds"): string {
  const sorted = [...results].sort((one, other) => (other[what] ?? 0) - (one[what] ?? 0)).slice(0, MOST_SHOWN);
  return sorted.map((each) => `${each.name} ${Math.round(each[what] ?? 0)} s`).join(", ");
}
