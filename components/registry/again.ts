import { setTimeout as wait } from "node:timers/promises";

const firstMilliseconds = 1_000;
const mostMilliseconds = 10_000;

/** How long something is asked again. */
export interface Patience {
  milliseconds: number;
  /** Called before the first wait, with what went wrong. */
  log?: (problem: string) => void;
}

/** An answer that may be another one soon, and when the other side wants to be asked again. */
export interface PassingFailure {
  isPassing: boolean;
  retryAfterMilliseconds?: number;
}

/** The work's result, tried again while its failure may pass and there is time. The last failure is the one that is thrown. */
export async function again<T>(
  work: () => Promise<T>,
  failureOf: (error: unknown) => PassingFailure | undefined,
  { milliseconds, log }: Patience,
  clock: { now: () => number; wait: (milliseconds: number) => Promise<unknown> } = { now: () => Date.now(), wait },
): Promise<T> {
  const end = clock.now() + milliseconds;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      const left = end - clock.now();
      if (!failure?.isPassing || left <= 0) {
        throw error;
      }
      if (attempt === 0) {
        log?.((error as Error).message);
      }
      const pause = Math.min(firstMilliseconds * 2 ** attempt, mostMilliseconds);
      // At the end of the time it is asked once more, also of one that wants more time.
      await clock.wait(Math.min(Math.max(pause, failure.retryAfterMilliseconds ?? 0), left));
    }
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
