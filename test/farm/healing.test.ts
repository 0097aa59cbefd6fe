import * as assert from "node:assert/strict";

import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

import type { BuilderArgs } from "../../components";
import { parameterNames } from "../../components/nodes/ec2/connection";
import { type Amd64Outputs, createAmd64Stack } from "../ec2/amd64";
import { destroyInAll } from "../ec2/destroy";
import { type Ec2Machines, getEc2 } from "../ec2/fixture";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { type Stack, waitFor } from "../main/stack";
import { runsAll, trials } from "../tier";
import { type Build, runningOf, startBuild, stepSeconds } from "./builds";

type Lifecycle = NonNullable<BuilderArgs["lifecycle"]>;

/** What happens to an instance in the middle of a build. */
const faults = {
  "cut off": (ec2: Ec2Machines, id: string) => ec2.cloud.partition(id, true),
  "without power": (ec2: Ec2Machines, id: string) => ec2.cloud.kill(id),
  "ended by AWS": (ec2: Ec2Machines, id: string) => ec2.cloud.terminate(id),
};
type Fault = keyof typeof faults;

/**
 * Trials of each at each of its builders; what AWS terminates does not come back, unless it is ephemeral. A persistent node
 * is another one than that which stops when idle only to its own watch: all tests have it, too.
 */
const plan: Record<Lifecycle, { builders: number } & Partial<Record<Fault, number>>> = {
  ephemeral: { builders: trials(5), "ended by AWS": trials(2), "cut off": 1 },
  "stop-when-idle": { builders: 1, "cut off": 1, "without power": trials(2) },
  persistent: { builders: runsAll ? 1 : 0, "cut off": 1 },
};
const lifecycles = Object.keys(plan) as Lifecycle[];

describe("a node on EC2 that is lost in the middle of a build", function () {
  this.timeout(1_500_000);
  let ec2: Ec2Machines;
  const stacks = new Map<Lifecycle, Stack[]>();

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    for (const lifecycle of lifecycles) {
      stacks.set(
        lifecycle,
        await Promise.all(Array.from({ length: plan[lifecycle].builders }, (_, at) => declare(lifecycle, at))),
      );
    }
  });

  /** The first update of each is one whose node is lost. */
  async function declare(lifecycle: Lifecycle, at: number): Promise<Stack> {
    const idleTimeoutMinutes = lifecycle === "persistent" ? undefined : 30;
    const builder = { lifecycle, wakeTimeoutSeconds: 240, idleTimeoutMinutes };
    return createAmd64Stack({ name: `healing-${lifecycle}-${at}`, builder });
  }

  after(async () => {
    await Promise.all([...stacks.values()].flat().map((stack) => destroyInAll(stack)));
  });

  async function lose(stack: Stack, lifecycle: Lifecycle, fault: Fault, trial: number): Promise<number> {
    const build = await startBuild(ec2.cloud, stack, `${fault} ${trial}`);
    const begin = Date.now();
    await faults[fault](ec2, build.id);
    const { code, output } = await build.up.done;
    const seconds = (Date.now() - begin) / 1000;
    assert.equal(code, 0, output);
    assert.match(output, /node amd64 was lost during the build/);
    await checkInstances(stack, lifecycle, build, output);
    return seconds;
  }

  /** An ephemeral node is another instance; one that is kept is the same, started again. */
  async function checkInstances(stack: Stack, lifecycle: Lifecycle, { id }: Build, output: string): Promise<void> {
    const { builderName } = await stack.outputs<Amd64Outputs>();
    const running = (await runningOf(ec2.cloud, builderName)).map((each) => each.id);
    if (lifecycle === "ephemeral") {
      assert.equal(new Set(output.match(/node amd64 is i-\w+/g)).size, 2, output);
      assert.deepEqual(running, []);
    } else {
      assert.deepEqual(running, [id]);
    }
  }

  /** Each builder's trials one after the other, builders side by side. */
  async function loseOften(lifecycle: Lifecycle, fault: Fault): Promise<void> {
    const each = plan[lifecycle][fault] ?? 0;
    const own = stacks.get(lifecycle) ?? [];
    const seconds: number[] = [];
    await Promise.all(
      own.map(async (stack) => {
        for (let trial = 1; trial <= each; trial += 1) {
          seconds.push(await lose(stack, lifecycle, fault, trial));
        }
      }),
    );
    const count = own.length * each;
    if (count === 0) return;
    const mean = seconds.reduce((sum, one) => sum + one, 0) / count;
    const event = `${fault} mid-build → the same update succeeds (its step takes ${stepSeconds} s), ${count} of ${count}`;
    record(lifecycle, `${event}, mean`, mean);
    record(lifecycle, `${event}, slowest`, Math.max(...seconds));
  }

  it("ended by AWS, ephemeral: the same update succeeds on another, each time", () =>
    loseOften("ephemeral", "ended by AWS"));

  it("cut off: the same update succeeds, whatever the lifecycle", () =>
    Promise.all(lifecycles.map((lifecycle) => loseOften(lifecycle, "cut off"))));

  it("without power: the same update succeeds on the same instance", () =>
    loseOften("stop-when-idle", "without power"));

  it("cut off while somebody else claims it: it is not stopped, and the build goes on once it is back", async () => {
    const [stack] = stacks.get("stop-when-idle") ?? [];
    const { builderName } = await stack.outputs<Amd64Outputs>();
    const { id, up } = await startBuild(ec2.cloud, stack, "claimed");
    await claim(builderName, "up-somebody");
    await ec2.cloud.forgetCalls();
    await ec2.cloud.partition(id, true);
    const isRefused = () => /is silent, and is not stopped: it is claimed by up-somebody, too/.test(up.output());
    await waitFor("the refusal", isRefused, 180);
    await ec2.cloud.partition(id, false);
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    const calls = (await ec2.cloud.calls()).map(({ operation }) => operation);
    assert.ok(!calls.includes("StopInstances"), calls.join());
  });

  /** Adds a claim to the lease, as an update on another machine does. */
  async function claim(builderName: string, name: string): Promise<void> {
    const ssm = new SSMClient(ec2.cloud.client);
    const Name = parameterNames.lease(builderName);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    const lease = JSON.parse(Parameter?.Value ?? "{}") as Record<string, number>;
    const Value = JSON.stringify({ ...lease, [name]: Math.ceil(Date.now() / 1_000) + 600 });
    await ssm.send(new PutParameterCommand({ Name, Value, Overwrite: true }));
  }
});
