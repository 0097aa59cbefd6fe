export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** What failed and why, a line each: a run of thousands of lines must end with what there is to mend. */
  failures: readonly string[];
  /** What failed once and passed then: told, because it may be a fault that shows now and then. */
  repeats: readonly string[];
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0, failures: [], repeats: [] };

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
      repeats: [...total.repeats, ...counts.repeats],
    }),
    NOTHING,
  );
}

export function summary({ passed, failed, skipped, repeats }: Counts): string {
  const others = [skipped > 0 && `${skipped} skipped`, repeats.length > 0 && `${repeats.length} at the second try`];
  return [`${passed} passed, ${failed} failed`, ...others.filter(Boolean)].join(", ");
}
