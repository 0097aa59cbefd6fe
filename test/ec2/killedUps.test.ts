import * as assert from "node:assert/strict";

import type { Inventory } from "../cloud/cloud";
import { skipWithout } from "../hosts";
import { type Stack, waitFor } from "../main/stack";
import { drawSeeded } from "../seed";
import { nightly, runsAll, trials } from "../tier";
import { type Amd64Outputs, createAmd64Stack, writeApp } from "./amd64";
import { runningOf } from "./callers";
import { type Ec2Machines, getEc2 } from "./fixture";
import { cancelKilled, type Kill, killCommand } from "./killedUps";
import { endUnknownInstances } from "./pending";

const minuteSeconds = 15;
/** A claim of one that was killed holds for 40 s; then the node is idle for a minute, and stops. */
const endSeconds = 40 + minuteSeconds + 30;
const lifecycles = ["stop-when-idle", "ephemeral"] as const;
type Lifecycle = (typeof lifecycles)[number];
/** About as many calls are made; a kill at a later one finds the command at its end. */
const calls = {
  create: { "stop-when-idle": 110, ephemeral: 80 },
  build: { "stop-when-idle": 26, ephemeral: 36 },
  destroy: { "stop-when-idle": 32, ephemeral: 24 },
} as const satisfies Record<string, Record<Lifecycle, number>>;

nightly.describe("an update that is killed at any of its calls to AWS", function () {
  this.timeout(1_800_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2({ minuteSeconds });
  });

  afterEach(() => ec2?.cloud.release("aws-sdk-js/"));

  it("and at any of `destroy`'s: nodes stop, the next update is green, and destroy leaves nothing", async () => {
    const draw = drawSeeded();
    const lives = trials(4);
    const points: string[] = [];
    for (const lifecycle of runsAll ? lifecycles : [lifecycles[Math.floor(draw() * 2)]]) {
      for (let life = 0; life < lives; life += 1) {
        const kill = (phase: keyof typeof calls): Kill =>
          drawKill(draw, calls[phase][lifecycle], life / lives, 1 / lives);
        points.push(
          ...(await live(
            `life-${lifecycle}-${life}`,
            lifecycle,
            kill("build"),
            kill("destroy"),
            runsAll && draw() < 0.5,
          )),
        );
      }
    }
    console.log(`      ${points.length} points, 0 violations: ${points.join("; ")}`);
  });

  nightly.it("while it makes its builder: nothing runs on, and what is left is what Pulumi names", async () => {
    const draw = drawSeeded();
    const points: string[] = [];
    for (const lifecycle of lifecycles) {
      for (let life = 0; life < 4; life += 1) {
        const kill = drawKill(draw, calls.create[lifecycle], life / 4, 1 / 4);
        points.push(await makeAndDestroy(`made-${lifecycle}-${life}`, lifecycle, kill));
      }
    }
    console.log(`      ${points.length} points, 0 violations: ${points.join("; ")}`);
  });

  /** In a part of the calls, so that several are spread over all of them. */
  function drawKill(draw: () => number, most: number, from: number, part: number): Kill {
    return {
      at: 1 + Math.floor((from + draw() * part) * most),
      when: draw() < 0.5 ? "before" : "after",
      what: draw() < 0.5 ? "all" : "program",
    };
  }

  /** A builder is made and used; one update and one destroy of it are killed. Says at which calls. */
  async function live(
    name: string,
    lifecycle: Lifecycle,
    build: Kill,
    destroy: Kill,
    waits: boolean,
  ): Promise<string[]> {
    const stack = await createAmd64Stack({ name, builder: { lifecycle }, startsPlugins: true });
    await succeeds(stack, "up");
    const { builderName, nodes } = await stack.outputs<Amd64Outputs>();
    if (lifecycle === "stop-when-idle") {
      await ec2.cloud.retire(nodes[0].instanceId);
      await ended(builderName);
    }
    await writeApp(stack, "true # changed");
    const points = [await killed(stack, "up", build)];
    if (waits) {
      await ended(builderName);
    }
    await succeeds(stack, "up");
    const { securityGroups } = await ec2.cloud.inventory();
    const rules = securityGroups.flatMap(({ ingress }) => ingress);
    assert.ok(rules.length <= 1, `${points.join()}: more than the killed one's rule: ${JSON.stringify(rules)}`);
    points.push(await killed(stack, "destroy", destroy));
    await succeeds(stack, "destroy");
    await ended(builderName);
    assert.deepEqual(await left(), [], `${points.join()}: destroy left something`);
    return points;
  }

  async function makeAndDestroy(name: string, lifecycle: Lifecycle, kill: Kill): Promise<string> {
    const stack = await createAmd64Stack({ name, builder: { lifecycle }, startsPlugins: true });
    const before = new Set(await left());
    const point = await killed(stack, "up", kill);
    const unknown = await endUnknownInstances(ec2.cloud, stack, before);
    const { output } = await succeeds(stack, "destroy");
    const pending = [...output.matchAll(/interrupted while creating/g)].length;
    const leftOver = (await left()).filter((each) => !before.has(each));
    assert.ok(leftOver.length <= pending, `${point}: Pulumi names ${pending}, and there are ${leftOver.join()}`);
    // An ephemeral one that Pulumi does not know ends itself: when it is idle, or 10 minutes after it has found no settings.
    const runs = async () =>
      (await ec2.cloud.instances()).some(({ id, state }) => leftOver.includes(id) && state === "running");
    await waitFor(`${leftOver.join()} to end`, async () => !(await runs()), 720);
    const words = [...unknown.map((id) => `${id} ended by hand`), `left: ${leftOver.join(" ") || "nothing"}`];
    return `${point} (${words.join("; ")})`;
  }

  async function killed(stack: Stack, command: string, kill: Kill): Promise<string> {
    const { reached, outcome } = await killCommand(ec2.cloud, stack, [command], kill);
    const point = `${command}, call ${kill.at} (${reached ?? "over before"}), ${kill.when} it, ${kill.what}`;
    assert.ok(reached !== undefined || outcome.code === 0, `${point}: ${outcome.output}`);
    const mended = await cancelKilled(stack);
    return mended ? `${point}, then ${mended}` : point;
  }

  async function succeeds(stack: Stack, command: string) {
    const outcome = await stack.run(command, "--yes", "--skip-preview");
    assert.equal(outcome.code, 0, outcome.output);
    return outcome;
  }

  async function ended(builderName: string): Promise<void> {
    const isOver = async () => (await runningOf(ec2.cloud, builderName)).length === 0;
    await waitFor(`the end of the nodes of ${builderName}`, isOver, endSeconds);
  }

  /** All that costs something or has a name in the account. */
  async function left(): Promise<string[]> {
    const all: Inventory = await ec2.cloud.inventory();
    const { instances, volumes, securityGroups, ...named } = all;
    return [...[...instances, ...volumes, ...securityGroups].map(({ id }) => id), ...Object.values(named).flat()];
  }
});
