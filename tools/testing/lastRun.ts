import * as fs from "node:fs";
import * as path from "node:path";

import { cacheDirectory, readJsonIfThere, writeFileAtomically } from "../../components/support/paths";
import type { TestResult } from "./counts";
import type { FileResult } from "./runFile";
import type { TestFile } from "./testFile";

/** What is known of the last runs of a tier on this machine. docs/test-results.md is made of it. */
export interface KnownResults {
  /** Of each process, by its name. */
  seconds: Record<string, number>;
  /** By file. */
  tests: Record<string, TestResult[]>;
}

const fileOf = (all: boolean): string => path.join(cacheDirectory(), "test", `results-${all ? "all" : "quick"}.json`);

export function readResults(all: boolean): KnownResults {
  return { seconds: {}, tests: {}, ...readJsonIfThere<KnownResults>(fileOf(all)) };
}

export function keepResults(all: boolean, results: readonly FileResult[]): void {
  const known = readResults(all);
  const tests = results.flatMap((result) => result.tests);
  for (const result of results) {
    known.seconds[result.name] = result.seconds;
  }
  for (const file of new Set(tests.map((test) => test.file))) {
    known.tests[file] = tests.filter((test) => test.file === file);
  }
  fs.mkdirSync(path.dirname(fileOf(all)), { recursive: true });
  writeFileAtomically(fileOf(all), JSON.stringify(known, undefined, 1));
}

/** What takes longest begins first, so that nothing is left alone with it at the end; of what is unknown, machines. */
export function longestFirst(files: readonly TestFile[], all: boolean): TestFile[] {
  const { seconds } = readResults(all);
  const weight = (file: TestFile): number => seconds[file.name] ?? file.parts.length * 30;
  return [...files].sort((one, other) => weight(other) - weight(one));
}
