import { setTimeout as sleep } from "node:timers/promises";

/** Reports what is going on. Passing lines (`isPassing`) are overwritten by the next one. */
export type Progress = (message: string, isPassing?: boolean) => void;

const progressEveryMilliseconds = 3_000;

/** Waits, and says now and then for what. */
export async function waitFor(what: string, seconds: number, progress: Progress): Promise<void> {
  const start = Date.now();
  const end = start + seconds * 1_000;
  for (let now = start; now < end; now = Date.now()) {
    progress(`waiting for ${what}, ${Math.round((now - start) / 1_000)} s of ${seconds} s`, true);
    await sleep(Math.min(progressEveryMilliseconds, end - now));
  }
}

/** Says now and then that something still lasts. */
export async function reportWhile<T>(what: string, work: Promise<T>, progress: Progress): Promise<T> {
  const start = Date.now();
  const timer = setInterval(() => {
    progress(`${what}, ${Math.round((Date.now() - start) / 1_000)} s`, true);
  }, progressEveryMilliseconds);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
