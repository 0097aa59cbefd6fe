import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { Claim } from "../../../../../components/nodes/ec2/shell/claim";
import type { Ec2Connection } from "../../../../../components/nodes/ec2/connection";
import { Ec2Account } from "../run/ec2Account";
import { ParameterStore } from "../run/parameterStore";
import { ec2Connection } from "../run/ec2Connection";

const holder = "0badcafe";

describe("what `wake` holds for a machine", () => {
  let aws: Ec2Account;
  const address = (own: string): Ec2Connection => ({
    ...ec2Connection({ ca: "", cert: "", key: "" }, own),
    builderName: "builders-1a2b3c4d",
  });

  beforeEach(() => void (aws = new Ec2Account()));

  const open = (own = "203.0.113.7") => new Claim({ ...aws.clients, region: "us-east-1" }, address(own), holder);

  async function wake(claim: Claim, minutes = 60): Promise<void> {
    await claim.take(minutes, () => undefined);
    await sleep(20);
    await claim.removeOlderRules();
  }

  it("is one rule, also after the next", async () => {
    await wake(open());
    await wake(open());
    assert.equal(aws.rules.size, 1);
    await open().giveUp();
    assert.equal(aws.rules.size, 0);
    assert.deepEqual(aws.store.live, {});
  });

  it("lets it in, however many begin at once", async () => {
    await Promise.all([wake(open()), wake(open()), wake(open())]);
    assert.ok(aws.rules.size >= 1);
    assert.deepEqual(Object.keys(aws.store.live), [`cli-${holder}`]);
  });

  it("lets another machine of the same name in, too", async () => {
    await wake(open());
    await wake(open("198.51.100.1"));
    assert.deepEqual(aws.sources, ["203.0.113.7/32", "198.51.100.1/32"]);
  });

  it("is as it was after a command that failed", async () => {
    await wake(open(), 30);
    const before = aws.store.live;
    const failing = open();
    await failing.take(60, () => undefined);
    await failing.undo();
    assert.deepEqual(aws.store.live, before);
    assert.equal(aws.rules.size, 1);
  });

  it("is nothing where the command is interrupted, however much of it was taken by then", async () => {
    aws = new Ec2Account(new ParameterStore("{}", () => sleep(3)));
    for (let milliseconds = 0; milliseconds < 40; milliseconds += 2) {
      const interrupted = open();
      const taken = interrupted.take(60, () => undefined).catch(() => undefined);
      await sleep(milliseconds);
      await interrupted.undo();
      await taken;
      assert.deepEqual([aws.store.live, aws.rules.size], [{}, 0], `after ${milliseconds} ms`);
    }
  });

  it("is not taken from a command that claims more meanwhile", async () => {
    const failing = open();
    await failing.take(30, () => undefined);
    await wake(open(), 60);
    const { live } = aws.store;
    await failing.undo();
    assert.deepEqual(aws.store.live, live);
    assert.equal(aws.rules.size, 1);
  });
});
