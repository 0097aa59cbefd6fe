import type { Suite } from "mocha";

const variable = "TEST_SEED";

/**
 * Draws the same numbers again for the same seed, which is told: `TEST_SEED=… ` plays a run again.
 * @see https://github.com/cprosche/mulberry32
 */
export function drawSeeded(seed = Number(process.env[variable] ?? Date.now() % 1_000_000)): () => number {
  console.log(`      ${variable}=${seed} plays this again`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Has all that draws in a suite's tests draw from one seed, the same each time. */
export function seedEach(suite: Suite): void {
  const { random } = Math;
  suite.beforeEach(() => void (Math.random = drawSeeded(Number(process.env[variable] ?? 1))));
  suite.afterEach(() => void (Math.random = random));
}
