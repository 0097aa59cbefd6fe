import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { BuildError } from "../../../components/support/errors";
import { runsAll } from "../../tier";

/** How often a property is tried: `npm test` tries a quarter, each time of another seed, which a failure names. */
export const runsOf = (inAll: number): { numRuns: number } => ({ numRuns: runsAll ? inAll : Math.ceil(inAll / 4) });

export const runs = runsOf(400);

// Under a load of other tests. What is meant to be found takes minutes.
const mostMilliseconds = 2_000;

/** Texts made of a language's own words, in any order, and of anything else between them. */
export function textOf(...words: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, { weight: 1, arbitrary: fc.string() });
  return fc.array(word, { maxLength: 30 }).map((parts) => parts.join(""));
}

/** Does it, or fails with a sentence of ours. */
export function withSentence<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assertSentence(error);
    return undefined;
  }
}

export function assertSentence(error: unknown): void {
  assert.ok(error instanceof BuildError, `no sentence: ${(error as Error).stack}`);
  assert.match(error.message, /\S/);
}

/** Makes tests that a text of some 100 000 characters costs no more than its length: what it costs more, would never end. */
export function itEnds(what: string, work: (text: string) => unknown, parts: readonly string[], size = 100_000): void {
  for (const part of parts) {
    it(`${what} has an end: ${JSON.stringify(part)} many times`, async () => {
      const text = part.repeat(Math.ceil(size / part.length));
      // What a program loads when it is used first, and what is made once.
      await work(part);
      // Of a core: by the clock, a busy machine takes long for anything.
      const begin = process.cpuUsage();
      await work(text);
      const { user, system } = process.cpuUsage(begin);
      const taken = Math.round((user + system) / 1_000);
      assert.ok(taken < mostMilliseconds, `${text.length} characters took ${taken} ms of a core`);
    });
  }
}
