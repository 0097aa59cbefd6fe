import * as assert from "node:assert/strict";

import { EC2 } from "@aws-sdk/client-ec2";

import { type Account, openAccount } from "../cloud/account";
import { skipWithout } from "../hosts";
import { Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { instanceOf } from "./node";

/** Two hours are 30 seconds, and a node's timeout of 10 minutes 2.5. */
const minuteSeconds = 0.25;

describe("a node whose own end is broken", function () {
  this.timeout(600_000);
  let account: Account;
  let ec2: EC2;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    account = await openAccount({ minuteSeconds, delays: { pending: 0.2, stopping: 0.2, volumeAttaching: 0.2 } });
    ec2 = new EC2(account.cloud.client);
    const spec = { builder: { nodes: ["linux/amd64", "linux/arm64"].map((platform) => ({ kind: "ec2", platform })) } };
    stack = await Stack.create(
      { ...spec, images: {} },
      {
        program: `${__dirname}/program`,
        environment: await account.environment(),
      },
    );
  });

  after(() => account?.run.close());

  const stateOf = async (id: string) => (await account.cloud.instances()).find((each) => each.id === id);
  const reaches = (id: string, state: string, seconds: number) =>
    waitFor(`${id} to be ${state}`, async () => (await stateOf(id))?.state === state, seconds);

  it("is stopped from outside once it has idled for hours, and nobody else's is, nor one that works", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { builderName } = await stack.outputs<{ builderName: string }>();
    assert.deepEqual(
      (await account.cloud.inventory()).alarms.sort(),
      ["amd64", "arm64"].map((node) => `${builderName}@${node}`),
    );
    const broken = await instanceOf(account.cloud, builderName, "amd64");
    const working = await instanceOf(account.cloud, builderName, "arm64");
    // Both have been stopped by their own programs.
    for (const { id } of [broken, working]) {
      await reaches(id, "stopped", 30);
      assert.equal((await stateOf(id))?.stateReason, "Client.InstanceInitiatedShutdown");
      await ec2.startInstances({ InstanceIds: [id] });
      await reaches(id, "running", 30);
      await account.cloud.run(id, ["kill-watch"]);
    }
    await account.cloud.run(working.id, ["use-processor", "40"]);
    const other = await account.launch();
    const begin = Date.now();
    await reaches(broken.id, "stopped", 120 * minuteSeconds + 30);
    assert.ok(Date.now() - begin > 100 * minuteSeconds * 1_000, "it was stopped too soon");
    assert.equal((await stateOf(broken.id))?.stateReason, "Client.UserInitiatedShutdown");
    assert.equal((await stateOf(working.id))?.state, "running");
    assert.equal((await stateOf(other))?.state, "running");
  });

  // That no alarm changes in a refresh, and that destroy leaves none, is in policyChanges.test.ts and life.test.ts, too.
  nightly.it("keeps its alarm through an update without a change, and a refresh", async () => {
    const again = await stack.up("--expect-no-changes");
    assert.equal(again.code, 0, again.output);
    const refreshed = await stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    assert.equal(refreshed.code, 0, refreshed.output);
  });

  it("loses its alarm with `backstop: false`, and has it again without", async () => {
    const { builder, images } = stack.spec();
    stack.declare({ builder: { ...(builder as object), ec2: { backstop: false } }, images });
    const without = await stack.up();
    assert.equal(without.code, 0, without.output);
    assert.deepEqual((await account.cloud.inventory()).alarms, []);
    stack.declare({ builder, images });
    assert.equal((await stack.up()).code, 0);
    assert.equal((await account.cloud.inventory()).alarms.length, 2);
  });

  nightly.it("leaves no alarm after destroy", async () => {
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
    assert.deepEqual((await account.cloud.inventory()).alarms, []);
  });
});
