/**
 * The two tiers of the tests. `npm test` runs every unit test and one trial of each end-to-end proof; `npm run test:all` runs
 * all trials, the long waits and the boots of emulated arm64 machines besides. A test says here which tier it is of.
 */
import type { AsyncFunc, Func, Suite, Test } from "mocha";

/** How the runner of the tests tells its mocha processes that all tests are to run. */
export const tierVariable = "TEST_TIER";

export const runsAll = process.env[tierVariable] === "all";

/** How often one proof is tried: `npm test` tries it once. */
export function trials(inAll: number): number {
  return runsAll ? inAll : 1;
}

const later = new WeakSet<Suite | Test>();

/** `it` and `describe` of what `npm run test:all` alone runs. */
export const nightly = {
  it: (title: string, test: Func | AsyncFunc): Test => (runsAll ? it(title, test) : leave(it.skip(title, test))),
  describe: (title: string, suite: (this: Suite) => void): Suite | void =>
    runsAll ? describe(title, suite) : leave(describe.skip(title, suite)),
};

function leave<T extends Suite | Test | void>(what: T): T {
  if (what) {
    later.add(what);
  }
  return what;
}

/** Whether a test was left for `npm run test:all`, itself or with its suite. */
export function isLeftForAll(test: Test | Suite): boolean {
  return later.has(test) || (test.parent !== undefined && isLeftForAll(test.parent));
}
