import * as assert from "node:assert/strict";

import type { BuilderArgs } from "../../components";
import { builderNameOf, firstRunning, meanwhile } from "../farm/builds";
import { skipWithout } from "../hosts";
import { crash } from "../main/processes";
import type { Stack } from "../main/stack";
import { runsAll } from "../tier";
import { createAmd64Stack, writeApp } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";
import { instanceOf, waitForState, waitForSleep } from "./node";
import { record } from "./timings";

const sleeps = 1301;
/** Of a minute of the nodes' timeouts. */
const minuteSeconds = runsAll ? 60 : 15;

const maxLifetimeMinutes = runsAll ? 3 : 8;

/** A stack whose node is awake, with a build that will not end by itself. */
interface Running {
  stack: Stack;
  instanceId: string;
  up: ReturnType<Stack["start"]>;
}

describe("an update that is killed in the middle of a build", function () {
  this.timeout(1_200_000);
  let ec2: Ec2Machines;
  /** Whose update Ctrl-C ended: its next one is that which `npm test` kills. */
  let interrupted: Stack | undefined;
  const kept = { idleTimeoutMinutes: 1 };
  /** Begun before the first test, since it waits for minutes. */
  let persistent: Promise<{ stack: Stack; lived: number }>;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2({ minuteSeconds });
    persistent = livePersistently();
    // Whether it failed is told by its own test.
    persistent.catch(() => undefined);
  });

  /** In `npm test` it is the builder's first update; in all tests those before it are timed. */
  async function buildWithoutEnd(name: string, builder: Partial<BuilderArgs>): Promise<Running> {
    const stack = await createAmd64Stack({ name, builder });
    if (runsAll) {
      const lifecycle = builder.lifecycle ?? "stop-when-idle";
      await timedUp(stack, lifecycle, "first build, x86 alone");
      await timedUp(stack, lifecycle, "no-op, x86 alone", "--expect-no-changes");
      await writeApp(stack, "true # changed");
      await timedUp(stack, lifecycle, "change, x86 alone");
    }
    return startBuild(stack);
  }

  async function timedUp(stack: Stack, lifecycle: string, event: string, ...extra: string[]): Promise<void> {
    const { code, output, seconds } = await stack.up(...extra);
    assert.equal(code, 0, output);
    record(lifecycle, event, seconds);
  }

  async function startBuild(stack: Stack): Promise<Running> {
    await writeApp(stack, `sleep ${sleeps}`);
    const up = stack.start("up", "--yes", "--skip-preview");
    const instanceId = await meanwhile(up.done, firstRunning(ec2.cloud, builderNameOf(stack)));
    await meanwhile(up.done, waitForSleep(ec2.cloud, instanceId, sleeps));
    return { stack, instanceId, up };
  }

  /** In a terminal. */
  async function interrupt({ up }: Running): Promise<void> {
    process.kill(-(up.child.pid as number), "SIGINT");
    await up.done;
  }

  it("Ctrl-C: `pulumi up` ends, access is given up, and the node stops", async () => {
    const running = await buildWithoutEnd("interrupted", kept);
    interrupted = running.stack;
    const begin = Date.now();
    await interrupt(running);
    const seconds = (Date.now() - begin) / 1000;
    record("stop-when-idle", "Ctrl-C → end of an update", seconds);
    assert.ok(seconds < 15, `Ctrl-C took ${seconds} s`);
    assert.deepEqual(await ec2.cloud.ingress(running.instanceId), []);
    const stopped = await waitForState(ec2.cloud, running.instanceId, "stopped", 120);
    record("stop-when-idle", `Ctrl-C → node stopped (idle timeout ${minuteSeconds} s)`, stopped);
    if (runsAll) {
      await writeApp(running.stack, "true # after Ctrl-C");
      const next = await running.stack.up();
      assert.equal(next.code, 0, next.output);
      await destroyInAll(running.stack);
    }
  });

  it("SIGKILL: the node stops, and the next update works after `pulumi cancel`; destroy right after a kill leaves nothing", async () => {
    const running = interrupted && !runsAll ? await startBuild(interrupted) : await buildWithoutEnd("killed", kept);
    const { stack, instanceId } = running;
    await crash(running.up);
    const seconds = await waitForState(ec2.cloud, instanceId, "stopped", 120);
    record("stop-when-idle", `SIGKILL of an update → node stopped (idle timeout ${minuteSeconds} s)`, seconds);

    await writeApp(stack, "true # after the kill");
    assert.equal((await stack.run("cancel", "--yes")).code, 0);
    await timedUp(stack, "stop-when-idle", "wake, x86 alone");
    const rules = await ec2.cloud.ingress(instanceId);
    assert.ok(rules.length <= 1, `more than the rule of the one before stayed: ${JSON.stringify(rules)}`);

    const again = await startBuild(stack);
    await crash(again.up);
    assert.equal((await stack.run("cancel", "--yes")).code, 0);
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
    record("stop-when-idle", "destroy just after a killed build", destroyed.seconds);
    const left = (await ec2.cloud.instances()).find(({ id }) => id === instanceId);
    assert.equal(left?.state, "terminated");
  });

  /** How long the node of an update that was killed lives, in seconds. */
  async function livePersistently(): Promise<{ stack: Stack; lived: number }> {
    const { stack, instanceId, up } = await buildWithoutEnd("persistent", {
      lifecycle: "persistent",
      maxLifetimeMinutes,
    });
    const { launchTime } = await instanceOf(ec2.cloud, builderNameOf(stack), "amd64");
    await crash(up);
    await waitForState(ec2.cloud, instanceId, "stopped", 240);
    return { stack, lived: Date.now() / 1000 - launchTime };
  }

  it("`persistent`: the node runs on, until its maximum lifetime", async () => {
    const { stack, lived } = await persistent;
    const lifetime = maxLifetimeMinutes * minuteSeconds;
    record(
      "persistent",
      `SIGKILL of an update → node stopped, since its start (maximum lifetime ${lifetime} s)`,
      lived,
    );
    assert.ok(lived >= lifetime - 5 && lived < lifetime + 60, `it lived ${lived} s`);
    if (runsAll) {
      assert.equal((await stack.run("cancel", "--yes")).code, 0);
      await destroyInAll(stack);
    }
  });
});
