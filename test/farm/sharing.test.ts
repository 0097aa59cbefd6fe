import * as assert from "node:assert/strict";

import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

import type { BuilderConnection } from "../../components";
import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import { parameterNames } from "../../components/nodes/ec2/connection";
import { amd64Spec } from "../ec2/amd64";
import { createStack, type Ec2Machines, getBaseImage, getEc2 } from "../ec2/fixture";
import { hookCalls, instanceOf, waitForSleep, waitForState } from "../ec2/node";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { inspectIndex } from "../main/image";
import { crash } from "../main/processes";
import { type Outcome, readAll, type Stack, temporaryDirectory } from "../main/stack";
import { runsAll, trials } from "../tier";
import { diagnostics, indexDigest } from "./outcome";

interface Outputs {
  builderName: string;
  connection: BuilderConnection;
  [image: string]: unknown;
}

/** A stack that builds one image with the builder of another. */
interface Sharer {
  name: string;
  stack: Stack;
  tag: string;
}

const project = "farm";
const leaseSeconds = 40;
const rounds = trials(10);
const stepSeconds = 4;

describe("a builder that is shared", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let base: string;
  let owner: Stack;
  let builderName: string;
  let instanceId: string;
  let sharers: Sharer[];
  let said = "";
  const backend = temporaryDirectory("state");
  const homes = [temporaryDirectory("home"), temporaryDirectory("home")];

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2();
    base = await getBaseImage();
    const program = `${__dirname}/program`;
    const { builder } = await amd64Spec({ name: "farm", builder: { idleTimeoutMinutes: 30 } });
    owner = await createStack({ builder, images: {} }, { program, project, backend });
    await succeed(owner);
    const outputs = await owner.outputs<Outputs>();
    builderName = outputs.builderName;
    instanceId = (await instanceOf(ec2.cloud, builderName, "amd64")).id;
    sharers = await Promise.all(
      ["api", "web", "jobs", "docs"].map(async (name, at) => {
        const tag = `${ec2.registry.host}/shared-${name}:1`;
        const images = { app: { context: "./app", platforms: ["linux/amd64"], tags: [tag] } };
        const options = { program, project: name, backend, home: homes[at % 2] };
        const stack = await createStack({ owner: `organization/${project}/dev`, images }, options);
        return { name, stack, tag };
      }),
    );
  });

  async function succeed(stack: Stack, ...extra: string[]): Promise<Outcome> {
    const outcome = await stack.up(...extra);
    said += outcome.output;
    assert.equal(outcome.code, 0, outcome.output);
    return outcome;
  }

  const write = (stack: Stack, folder: string, step: string) =>
    stack.write(`${folder}/Dockerfile`, `FROM ${base}\nRUN echo ${folder} > /made && ${step}\n`);

  async function checkDigest(stack: Stack, image: string, tag: string): Promise<void> {
    assert.equal(indexDigest(stack, image), (await inspectIndex(ec2.registry, tag)).digest, tag);
  }

  async function lease(): Promise<Record<string, number>> {
    const ssm = new SSMClient(ec2.cloud.client);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: parameterNames.lease(builderName) }));
    return liveClaims(parseLease(Parameter?.Value), Date.now() / 1_000);
  }

  /** Ids of the rules that let callers in. */
  async function rules(): Promise<string[]> {
    const { securityGroups } = await ec2.cloud.inventory();
    return securityGroups.flatMap(({ ingress }) => ingress.map(({ id }) => id));
  }

  const imageCount = runsAll ? 12 : 4;

  it(`${imageCount} images of one program wake it once, and each has its own digest`, async () => {
    const names = Array.from({ length: imageCount }, (_, at) => `image-${at + 1}`);
    const tagOf = (name: string) => `${ec2.registry.host}/several:${name}`;
    const images = names.map((name) => [
      name,
      { context: `./${name}`, platforms: ["linux/amd64"], tags: [tagOf(name)] },
    ]);
    names.forEach((name) => write(owner, name, "true"));
    owner.declare({ ...owner.spec(), images: Object.fromEntries(images) as Record<string, unknown> });
    await ec2.cloud.retire(instanceId);
    await waitForState(ec2.cloud, instanceId, "stopped", 60);
    await ec2.cloud.forgetCalls();
    const outcome = await succeed(owner);
    record("stop-when-idle", `${imageCount} images in one update, from a stopped node`, outcome.seconds);
    const calls = await hookCalls(ec2.cloud);
    assert.deepEqual(
      calls.filter((call) => call.endsWith("Instances")),
      ["StartInstances"],
    );
    assert.equal(diagnostics(outcome).match(/starting node amd64/g)?.length, 1, outcome.output);
    assert.equal(diagnostics(outcome).match(/node amd64 .* is awake/g)?.length, 1, outcome.output);
    await Promise.all(names.map((name) => checkDigest(owner, name, tagOf(name))));
    assert.deepEqual(await rules(), []);
    assert.deepEqual(await lease(), {});
  });

  it("is used by other stacks, which have no resources of it", async () => {
    // In `npm test` the first builds of the others are those of which one is killed.
    const first = sharers.slice(0, runsAll ? 4 : 1);
    first.forEach(({ stack }) => write(stack, "app", "true"));
    const begin = Date.now();
    const outcomes = await Promise.all(first.map(({ stack }) => succeed(stack)));
    record("stop-when-idle", `first builds of ${first.length} stacks at once`, (Date.now() - begin) / 1000);
    for (const [at, { stack, tag }] of first.entries()) {
      assert.doesNotMatch(outcomes[at].output, /aws:|tls:/);
      await checkDigest(stack, "app", tag);
    }
    const again = await succeed(sharers[0].stack, "--expect-no-changes");
    assert.doesNotMatch(again.output, /is awake/);
  });

  it(`four updates at once, from two HOMEs, one of them killed mid-build: the others are right, ${rounds} of ${rounds} times`, async () => {
    const { boots } = await instanceOf(ec2.cloud, builderName, "amd64");
    const left: string[] = [];
    const durations: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const begin = Date.now();
      const victim = sharers[round % sharers.length];
      await buildAtOnce(round, victim, left);
      durations.push((Date.now() - begin) / 1000);
    }
    record("stop-when-idle", `four updates at once, one killed, worst of ${rounds} rounds`, Math.max(...durations));
    record(
      "stop-when-idle",
      `four updates at once, one killed, mean of ${rounds} rounds`,
      durations.reduce((sum, each) => sum + each) / rounds,
    );
    const { state, boots: bootsAfter } = await instanceOf(ec2.cloud, builderName, "amd64");
    assert.deepEqual([state, bootsAfter], ["running", boots]);
  });

  /** @param left rules of those killed in rounds before: a later update removes them, if it takes long enough */
  async function buildAtOnce(round: number, victim: Sharer, left: string[]): Promise<void> {
    await ec2.cloud.forgetCalls();
    // A step of its own for each build, told from the others by its command line.
    const sleeps = (at: number) => Number((stepSeconds + (round * 10 + at + 1) / 1000).toFixed(3));
    const ups = sharers.map(({ stack }, at) => {
      write(stack, "app", `sleep ${sleeps(at)}`);
      return stack.start("up", "--yes", "--skip-preview");
    });
    const at = sharers.indexOf(victim);
    await waitForSleep(ec2.cloud, instanceId, sleeps(at));
    await crash(ups[at]);
    const outcomes = await Promise.all(ups.map(({ done }) => done));
    said += outcomes.map(({ output }) => output).join("\n");
    for (const [index, { stack, tag, name }] of sharers.entries()) {
      if (index !== at) {
        const { code, output } = outcomes[index];
        assert.equal(code, 0, `round ${round}, ${name}: ${output}`);
        assert.doesNotMatch(output, /was lost during the build|left behind/);
        await checkDigest(stack, "app", tag);
      }
    }
    const opened = (await ec2.cloud.calls()).filter(
      ({ operation, error }) => operation === "AuthorizeSecurityGroupIngress" && !error,
    );
    assert.equal(opened.length, 4);
    const now = await rules();
    // Of the one that was killed, unless one of the others has built long enough to remove it.
    const added = now.filter((rule) => !left.includes(rule));
    assert.ok(added.length <= 1, `rules: ${now.join()}, before: ${left.join()}`);
    left.splice(0, left.length, ...now);
    // Of the one that was killed; and when several write at once, one that is given up may come back for its last time.
    const claims = Object.values(await lease());
    assert.ok(
      claims.every((until) => until < Date.now() / 1000 + leaseSeconds),
      claims.join(),
    );
    assert.equal((await victim.stack.run("cancel", "--yes")).code, 0);
  }

  it("its key is in no state in clear, in no output, and in no file of a caller", async () => {
    const stacks = [owner, ...sharers.map(({ stack }) => stack)];
    const { connection } = await owner.outputs<Outputs>();
    const key = connection.ec2?.tls.key.split("\n")[1] ?? "";
    assert.match(connection.ec2?.tls.key ?? "", /PRIVATE KEY/);
    // All of their states are in the backend, too.
    const exported = stacks.slice(0, runsAll ? stacks.length : 2);
    const exports = await Promise.all(exported.map((stack) => stack.run("stack", "export")));
    const shown = await owner.run("stack", "output", "--json");
    assert.match(shown.output, /"connection": "\[secret\]"/);
    const texts = [said, shown.output, readAll(backend), ...homes.map(readAll), ...exports.map(({ output }) => output)];
    for (const text of texts) {
      assert.ok(!text.includes(key) && !text.includes("PRIVATE KEY"));
    }
  });

  it("that was destroyed is told to those who build with it, with the fix", async () => {
    const [{ stack: referring }, { stack: configured }] = sharers;
    const { connection } = await owner.outputs<Outputs>();
    configured.declare({ ...configured.spec(), owner: undefined } as never);
    assert.equal((await configured.run("config", "set", "--secret", "connection", JSON.stringify(connection))).code, 0);
    if (runsAll) {
      write(configured, "app", "true # configured");
      await succeed(configured);
    }
    const destroyed = await owner.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
    for (const [stack, message] of [
      [
        referring,
        /Builder shared: `connection` is not there: its stack exports none, or was destroyed\. Fix: `pulumi up` of/,
      ],
      [
        configured,
        new RegExp(
          `the parameter \\S+ of builder ${builderName} is not there\\. Fix: .*of a builder that was destroyed`,
        ),
      ],
    ] as const) {
      write(stack, "app", "true # after the end");
      const { code, output, seconds } = await stack.up();
      record("stop-when-idle", "`pulumi up` with a builder that was destroyed → its error", seconds);
      assert.notEqual(code, 0);
      assert.match(output, message);
      assert.doesNotMatch(output, /unhandled|\n +at /);
    }
  });
});
