import { setTimeout as sleep } from "node:timers/promises";

const pollMilliseconds = 250;

/** Asks again until there is an answer. The real provider asks every few seconds, up to the same limits. */
export async function waitUntil<T>(what: string, limitSeconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`timeout while waiting for ${what} (timeout: ${limitSeconds}s)`);
    await sleep(pollMilliseconds);
  }
}

/** Tries again while it fails with an error that passes by itself; the last error is thrown. */
export async function retryWhile<T>(
  isPassing: (error: unknown) => boolean,
  limitSeconds: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + limitSeconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw error;
      await sleep(pollMilliseconds);
    }
  }
}
