import * as assert from "node:assert/strict";

import { builderNameOf, firstRunning, meanwhile } from "../farm/builds";
import { execute, skipWithout } from "../hosts";
import { createAmd64Stack } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";
import { hookCalls, instanceOf, waitForSleep } from "./node";
import { record } from "./timings";

/** Set aside for documentation (RFC 5737), as is the one before. */
const nextAddress = "203.0.113.11";
const sleeps = 23;

describe("a caller whose address changes in the middle of a build", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
  });

  const ip = (...args: string[]) => execute(["ip", "-n", ec2.cloud.vpc.namespace, ...args]);

  /** Which address programs in the namespace have on the way to another one. */
  const come = (to: string, device: string, from: string) =>
    ip("route", "replace", `${to}/32`, "dev", device, "src", from);

  it("is let in at its new one: the same update is green, and no node is stopped", async () => {
    const { callerAddress } = ec2.cloud.vpc;
    // Where a caller looks for its own address: the first of the VPC.
    await come("172.31.0.0", "eth0", callerAddress);
    const stack = await createAmd64Stack({
      name: "moved",
      step: `sleep ${sleeps}`,
      builder: { idleTimeoutMinutes: 10, ec2: { addressing: "private", ingress: { from: "caller" } } },
    });
    const builderName = builderNameOf(stack);
    const up = stack.start("up", "--yes", "--skip-preview");
    const id = await meanwhile(up.done, firstRunning(ec2.cloud, builderName));
    await meanwhile(up.done, waitForSleep(ec2.cloud, id, sleeps));
    const { privateAddress } = await instanceOf(ec2.cloud, builderName, "amd64");
    const begin = Date.now();
    const [device] = (await ip("route", "show", `${privateAddress}/32`)).match(/(?<=dev )\S+/) ?? [];
    assert.ok(device);
    await ip("address", "add", `${nextAddress}/32`, "dev", "lo");
    await come(privateAddress, device, nextAddress);
    await come("172.31.0.0", "eth0", nextAddress);
    await ip("address", "delete", `${callerAddress}/32`, "dev", "lo");
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    record(
      "stop-when-idle",
      `the caller's address changes mid-build → the same update succeeds (the step takes ${sleeps} s)`,
      (Date.now() - begin) / 1000,
    );
    assert.match(output, /letting 203\.0\.113\.11 in/);
    assert.deepEqual(
      (await hookCalls(ec2.cloud)).filter((call) => /^(Start|Stop|Terminate)Instances$/.test(call)),
      [],
    );
    assert.equal((await instanceOf(ec2.cloud, builderName, "amd64")).boots, 1);
    const { securityGroups } = await ec2.cloud.inventory();
    assert.deepEqual(
      securityGroups.flatMap(({ ingress }) => ingress),
      [],
    );
    await destroyInAll(stack);
  });
});
