import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";

export const minutes = (count: number) => count * 60_000;

/** Seconds of mocked timers, with what waits for them. */
export async function pass(seconds: number): Promise<void> {
  for (let at = 0; at < seconds * 2; at += 1) {
    mock.timers.tick(500);
    await setImmediate();
    await setImmediate();
  }
}

export async function passUntilDone<T>(promise: Promise<T>): Promise<T> {
  let isDone = false;
  void promise.catch(() => undefined).then(() => (isDone = true));
  while (!isDone) {
    await pass(0.5);
  }
  return promise;
}
