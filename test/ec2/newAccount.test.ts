import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { nightly, runsAll } from "../tier";
import { type Amd64Options, createAmd64Stack, writeApp } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";

/** Two nodes, as by default, but of one architecture: what boots here in seconds. */
const twoNodes = (instanceType?: string) =>
  ["one", "two"].map((name) => ({ kind: "ec2" as const, platform: "linux/amd64" as const, name, instanceType }));

describe("the first day in a new account", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
  });

  afterEach(async () => {
    await ec2?.cloud.change({ standardVcpus: null, standardSpotVcpus: null, plan: "paid" });
    await ec2?.cloud.faults();
  });

  /** What a user reads of a first update that fails. All can be removed afterwards, also without running the program. */
  async function reads(options: Amd64Options, isDestroyed = runsAll): Promise<string> {
    const stack = await createAmd64Stack(options);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    if (isDestroyed) {
      const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
      assert.equal(destroyed.code, 0, destroyed.output);
    }
    return output;
  }

  it("5 vCPUs hold both default nodes, and on the free plan those that the message names", async () => {
    await ec2.cloud.change({ standardVcpus: 5 });
    const stack = await createAmd64Stack({ name: "fresh", builder: { nodes: twoNodes(), idleTimeoutMinutes: 10 } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    // What is waited for while Pulumi itself makes them, before any hook of an image runs.
    for (const node of ["one", "two"]) {
      const began = output.search(
        `waiting for EC2 to launch node ${node} \\(linux/amd64, m7a.large\\): it usually takes`,
      );
      const ended = output.search(`node ${node} is launched as instance i-[0-9a-f]+, after \\d+ s`);
      assert.ok(began >= 0 && began < ended, output);
    }
    await destroyInAll(stack);
    await ec2.cloud.change({ standardVcpus: null, plan: "free" });
    const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, instanceType: "m7i-flex.large" }];
    const free = await createAmd64Stack({ name: "free", builder: { nodes } });
    const built = await free.up();
    assert.equal(built.code, 0, built.output);

    // The hook of a launch hides no error of a delete, for which Pulumi does not run the program.
    await ec2.cloud.faults({
      operation: "TerminateInstances",
      code: "OperationNotPermitted",
      message: "It is protected.",
    });
    const refused = await free.run("destroy", "--yes", "--skip-preview");
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /It is protected/);
    await ec2.cloud.faults();
    await destroyInAll(free);
  });

  it("a quota that is too small is told with where to ask for more", async () => {
    await ec2.cloud.change({ standardVcpus: 5 });
    const output = await reads({ name: "quota", builder: { nodes: twoNodes("c7a.xlarge") } }, true);
    assert.match(output, /vCPU limit of 5 allows/);
    assert.match(
      output,
      /node (one|two) could not be launched: the quota ".*" \(L-1216C47A\) in us-east-1 has too few vCPUs left for a c7a\.xlarge .*Fix: ask for more at https:/,
    );
  });

  it("the free plan is told with the types that it allows", async () => {
    await ec2.cloud.change({ plan: "free" });
    const output = await reads({ name: "plan" });
    assert.match(
      output,
      /node amd64 could not be launched: the account is on AWS's free plan, which does not allow a m7a\.large .*set `instanceType: "m7i-flex\.large"` for node amd64/,
    );
  });

  nightly.it("ephemeral nodes: the quota of spot instances, and the free plan", async () => {
    const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, capacityType: "spot" as const }];
    const stack = await createAmd64Stack({ name: "fleet", builder: { lifecycle: "ephemeral", nodes } });
    await ec2.cloud.change({ standardSpotVcpus: 1 });
    const spot = await stack.up();
    assert.match(spot.output, /a quota is used up in us-east-1 \(MaxSpotInstanceCountExceeded.*Fix: ask for more/);
    await ec2.cloud.change({ standardSpotVcpus: null, plan: "free" });
    await writeApp(stack, "true # on the free plan");
    const free = await stack.up();
    assert.match(free.output, /free plan, which does not allow a m7a\.large .*`instanceTypes: \["m7i-flex\.large"\]`/);
    await destroyInAll(stack);
  });
});
