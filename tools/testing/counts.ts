export interface TestResult {
  /** `ec2 life`. */
  file: string;
  title: string;
  outcome: "passed" | "failed" | "skipped" | "left";
  milliseconds: number;
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What `npm run test:all` alone runs. */
  left: number;
  /** What failed and why, a line each: a run of thousands of lines must end with what there is to mend. */
  failures: readonly string[];
  /** What failed once and passed then, with the first failure: it may be a fault that shows now and then. */
  repeats: readonly string[];
}

/** Of one file of tests. */
export interface FileCounts extends Counts {
  cpuSeconds: number;
  tests: readonly TestResult[];
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0, left: 0, failures: [], repeats: [] };

export function oneFailure(what: string): Counts {
  return { ...NOTHING, failed: 1, failures: [what] };
}

export function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (total, counts) => ({
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
      left: total.left + counts.left,
      failures: [...total.failures, ...counts.failures],
      repeats: [...total.repeats, ...counts.repeats],
    }),
    NOTHING,
  );
}

export function summary({ passed, failed, skipped, left, repeats }: Counts): string {
  const others = [
    skipped > 0 && `${skipped} skipped`,
    repeats.length > 0 && `${repeats.length} at the second try`,
    left > 0 && `${left} left for npm run test:all`,
  ];
  return [`${passed} passed, ${failed} failed`, ...others.filter(Boolean)].join(", ");
}
