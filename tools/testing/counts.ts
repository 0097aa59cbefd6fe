export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed and why, a line each: a run of thousands of lines must end with what there is to mend. */
  failures: readonly string[];
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };

export function oneFailure(what: string): Counts {
  return { ...NOTHING, failed: 1, failures: [what] };
}

export function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (total, counts) => ({
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
      failures: [...total.failures, ...counts.failures],
    }),
    NOTHING,
  );
}

export function summary({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
