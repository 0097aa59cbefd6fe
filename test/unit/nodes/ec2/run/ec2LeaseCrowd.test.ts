import * as assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";

import { sharedClaim } from "../../../../../components/nodes/ec2/run/claims";
import { LeaseClaim } from "../../../../../components/nodes/ec2/run/lease";
import { seedEach } from "../../../../seed";
import { ParameterStore } from "./parameterStore";

const stepMilliseconds = 5;
// Not in AWS's tables: what accounts report of PutParameter.
const writesInASecond = 3;
const instanceOf = (at: number) => `i-${at.toString(16).padStart(17, "0")}`;

describe("a lease with many holders", function () {
  this.timeout(60_000);
  seedEach(this);
  let store: ParameterStore;
  let failures: unknown[];

  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_795_000_000_000 });
    store = new ParameterStore("{}", () => sleep(25 + Math.random() * 50), writesInASecond);
    failures = [];
  });

  afterEach(() => mock.timers.reset());

  async function pass(seconds: number, look: () => void = () => undefined): Promise<void> {
    for (let at = 0; at < (seconds * 1_000) / stepMilliseconds; at += 1) {
      mock.timers.tick(stepMilliseconds);
      store.pass(stepMilliseconds);
      await setImmediate();
      if (at % 50 === 0) {
        look();
      }
    }
  }

  /** As an update does, until it is killed. */
  async function hold(name: string, instances: string[], isKilled: () => boolean): Promise<void> {
    const claim = new LeaseClaim(store.clients, "builder", name, () => instances);
    try {
      while (!isKilled()) {
        await claim.hold(40);
        await sleep(12_000 + Math.random() * 6_000);
      }
    } catch (error) {
      failures.push(error);
    }
  }

  for (const { count, instances, kept } of [
    { count: 20, instances: 0, kept: 1_000 },
    { count: 100, instances: 0, kept: 1_000 },
    { count: 200, instances: 0, kept: 1_000 },
    // Each instance looks for its own claim, so that these take room.
    { count: 50, instances: 2, kept: 4_096 },
  ]) {
    it(`has the claims of ${count} that came at once, with ${instances} instances each, and writes seldom`, async () => {
      const names = Array.from({ length: count }, (_, at) => `up-${at.toString(16).padStart(8, "0")}`);
      const ownInstances = (at: number) => Array.from({ length: instances }, (_, n) => instanceOf(at * instances + n));
      names.forEach((name, at) => void hold(name, ownInstances(at), () => false));
      await pass(60);
      assert.deepEqual(failures, []);
      const { writes } = store;
      let [looks, missing, longest] = [0, 0, 0];
      await pass(120, () => {
        const { live, text } = store;
        const needed = names.flatMap((name, at) => [[name, sharedClaim], ...ownInstances(at).map((id) => [id])]);
        looks += needed.length;
        missing += needed.filter((claims) => !claims.some((claim) => claim in live)).length;
        longest = Math.max(longest, text.length);
      });
      assert.deepEqual(failures, []);
      assert.ok(missing / looks < 0.001, `${missing} of ${looks} claims are missing at a look`);
      assert.ok(longest <= kept, `${longest} characters`);
      assert.ok((store.writes - writes) / 120 < writesInASecond, `${(store.writes - writes) / 120} writes a second`);
    });
  }

  it("is free again 40 seconds after 200 were killed, and small", async () => {
    let isKilled = false;
    const names = Array.from({ length: 200 }, (_, at) => `up-${at.toString(16).padStart(8, "0")}`);
    names.forEach((name) => void hold(name, [], () => isKilled));
    await pass(60);
    isKilled = true;
    await pass(41);
    assert.deepEqual(store.live, {});
    assert.ok(store.text.length < 1_000);
    assert.deepEqual(failures, []);
  });
});
