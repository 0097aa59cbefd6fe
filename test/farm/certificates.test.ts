import * as assert from "node:assert/strict";

import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

import type { BuilderConnection } from "../../components";
import { parameterNames } from "../../components/nodes/ec2/connection";
import { amd64Spec } from "../ec2/amd64";
import { destroyInAll } from "../ec2/destroy";
import { createStack, type Ec2Machines, getBaseImage, getEc2 } from "../ec2/fixture";
import { hookCalls, instanceOf, waitForSleep } from "../ec2/node";
import { record } from "../ec2/timings";
import { createAuthority, hoursFromNow, skipWithout } from "../hosts";
import { type Outcome, type Stack, waitFor } from "../main/stack";
import { runsAll } from "../tier";
import { meanwhile } from "./builds";
import { changesOf, Clock, upForGood } from "./clock";

interface Outputs {
  builderName: string;
  connection: BuilderConnection;
}

const program = `${__dirname}/program`;
const lifecycle = "stop-when-idle";
const ofLeaf = (name: string) =>
  ["CertRequest", "LocallySignedCert", "PrivateKey"].map((type) => `replaced ${type} ${name}`);
const rotation = [
  ...ofLeaf("farm-amd64"),
  ...ofLeaf("farm-client"),
  "updated Parameter farm-amd64-tls",
  "updated Parameter farm-connection",
].sort();

/**
 * A builder that is a year old, and others that hold its connection of different times. In all tests it is a year older, so
 * that its node has booted with certificates that have expired since.
 */
describe("certificates of a builder in use", function () {
  this.timeout(900_000);
  const clock = new Clock();
  let ec2: Ec2Machines;
  let base: string;
  let owner: Stack;
  let builderName: string;
  let instanceId: string;
  /** Of each year. */
  const connections: Record<"expired" | "old" | "new" | "revoked", BuilderConnection> = {} as never;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "faked clock"]);
    ec2 = await getEc2();
    base = await getBaseImage();
    const { builder } = await amd64Spec({ name: "certificates", builder: { idleTimeoutMinutes: 30 } });
    owner = await createStack({ builder, images: {} }, { program, ...clock.options });
    if (runsAll) {
      clock.set("-800d");
      await upForGood(owner);
      ({ connection: connections.expired } = await owner.outputs<Outputs>());
    }
    clock.set("-400d");
    const { output } = await forGood();
    ({ builderName, connection: connections.old } = await owner.outputs<Outputs>());
    clock.set();
    instanceId = (await instanceOf(ec2.cloud, builderName, "amd64")).id;
    if (runsAll) {
      assert.deepEqual(changesOf(output), rotation);
      // It looks for others once a minute.
      await nodeHasTaken((await published()).cert);
    } else {
      connections.expired = await expired(connections.old);
    }
  });

  after(() => destroyInAll(owner));

  /** The connection with another client's certificate, in place of one from another update two years ago. */
  async function expired({ ec2: its, ...others }: BuilderConnection): Promise<BuilderConnection> {
    const validity = { validFrom: hoursFromNow(-2), validUntil: hoursFromNow(-1) };
    const { certificate: cert, key } = await (await createAuthority("another")).issueClient(validity);
    return { ...others, ec2: { ...its!, tls: { ...its!.tls, cert, key } } };
  }

  /** A stack of somebody who was given a connection, on a machine with a clock of its own. */
  async function holder(connection: BuilderConnection, name: string, offset?: string): Promise<Stack> {
    const own = new Clock();
    const tags = [`${ec2.registry.host}/certificates-${name}:1`];
    const images = { app: { context: "./app", platforms: ["linux/amd64"], tags } };
    const stack = await createStack({ images }, { program, project: name, ...own.options });
    await stack.run("config", "set", "--secret", "connection", JSON.stringify(connection));
    write(stack, name, "true");
    own.set(offset);
    return stack;
  }

  const write = (stack: Stack, name: string, step: string) =>
    stack.write("app/Dockerfile", `FROM ${base}\nRUN echo ${name} && ${step}\n`);

  async function succeed(stack: Stack, ...extra: string[]): Promise<Outcome> {
    const outcome = await stack.up(...extra);
    assert.equal(outcome.code, 0, outcome.output);
    return outcome;
  }

  /** An update of the owner. That another one has nothing to do then, rotation.test.ts shows in both tiers. */
  const forGood = (...extra: string[]) => (runsAll ? upForGood(owner, ...extra) : succeed(owner, ...extra));

  /** An update that fails with these words, and starts no node. */
  async function refused(stack: Stack, words: RegExp): Promise<Outcome> {
    await ec2.cloud.forgetCalls();
    const outcome = await stack.up();
    assert.notEqual(outcome.code, 0, outcome.output);
    assert.match(outcome.output, words);
    assert.ok(!(await hookCalls(ec2.cloud)).includes("StartInstances"));
    return outcome;
  }

  async function published(): Promise<{ ca: string; cert: string }> {
    const Name = parameterNames.tls(builderName, "amd64");
    const { Parameter } = await new SSMClient(ec2.cloud.client).send(
      new GetParameterCommand({ Name, WithDecryption: true }),
    );
    assert.ok(Parameter?.Value && Parameter.Value.length <= 4_096);
    return JSON.parse(Parameter.Value) as { ca: string; cert: string };
  }

  const inside = (script: string): Promise<string> => ec2.cloud.run(instanceId, ["sh", "-c", script]);

  /** That buildkitd runs with what is in Parameter Store. */
  async function nodeHasTaken(cert: string): Promise<void> {
    const files = "/run/multi-platform-image/tls";
    const has = () => inside(`cat ${files}/*.pem`).then((text) => text.includes(cert.trim()), () => false); // prettier-ignore
    await waitFor("the node to take its certificate", has, 180);
    await waitFor(
      "buildkitd",
      async () => (await inside("systemctl is-active buildkit || true")).trim() === "active",
      60,
    );
  }

  it("rotate under a running build, which ends well; the node stays the same", async () => {
    const theirs = await holder(connections.old, "theirs");
    write(theirs, "theirs", "sleep 41");
    const building = theirs.start("up", "--yes", "--skip-preview");
    await meanwhile(building.done, waitForSleep(ec2.cloud, instanceId, 41));
    const { output, seconds } = await succeed(owner);
    assert.deepEqual(changesOf(output), rotation);
    record(lifecycle, "`pulumi up` that rotates the certificates, beside a build", seconds);
    ({ connection: connections.new } = await owner.outputs<Outputs>());
    const begin = Date.now();
    const { code, output: built } = await building.done;
    assert.equal(code, 0, built);
    assert.doesNotMatch(built, /was lost during the build/);
    await nodeHasTaken((await published()).cert);
    record(lifecycle, "certificate rotated → in use on the node, beside a build of 41 s", (Date.now() - begin) / 1000);
    const { id, boots } = await instanceOf(ec2.cloud, builderName, "amd64");
    assert.deepEqual([id, boots], [instanceId, 1]);
    if (runsAll) assert.equal((await owner.up("--expect-no-changes")).code, 0);
    // The connection of a year ago, with the node's new certificate. That of now is used by a clock that is fast.
    write(theirs, "theirs", "true # again");
    await succeed(theirs);
  });

  it("that have expired are named, before a node is woken", async () => {
    const late = await holder(connections.expired, "late");
    const { seconds } = await refused(
      late,
      new RegExp(
        "the client certificate expired at 20[-\\dT:.]+Z, and this machine's clock says 20[-\\dT:.]+Z: run `pulumi up` of the " +
          `stack that declares builder ${builderName}; another stack's next \`pulumi up\` takes the new \`connection\``,
      ),
    );
    record(lifecycle, "a connection that has expired → its error", seconds);
  });

  it("are not valid yet by a clock that is an hour slow, which is named; an hour fast does no harm", async () => {
    const slow = await holder(connections.new, "slow", "-1h");
    await refused(
      slow,
      /the client certificate is not valid before .* and this machine's clock says .*: set the clock, or/,
    );
    const fast = await holder(connections.new, "fast", "+1h");
    await succeed(fast);
  });

  it("are revoked by one command: the node takes the new ones at once, and refuses the old, by name", async () => {
    connections.revoked = connections.new;
    const { registry } = ec2;
    const images = { own: { context: "./app", platforms: ["linux/amd64"], tags: [`${registry.host}/certificates:1`] } };
    owner.declare({ ...owner.spec(), images });
    write(owner, "own", "true");
    // The image is built in the same update, on a node that has yet to take its new certificate.
    const { output, seconds } = await forGood("--replace", "**::farm-certificates");
    record(lifecycle, "`pulumi up` that revokes, and builds an image with the new certificates", seconds);
    assert.match(output, /replaced Stash farm-certificates|Stash farm-certificates replaced/);
    assert.doesNotMatch(output, /Instance .*(replac|updat)/);
    ({ connection: connections.new } = await owner.outputs<Outputs>());
    const stolen = await holder(connections.revoked, "stolen");
    await refused(
      stolen,
      new RegExp(`the certificates of builder ${builderName} were revoked: this connection's is of 20`),
    );
    const pem = connections.revoked.ec2!.tls;
    await inside(
      `mkdir -p /tmp/old && cd /tmp/old && printf '%s' '${pem.cert}' > cert && printf '%s' '${pem.key}' > key && ` +
        `! /opt/buildkit/current/buildctl --addr tcp://127.0.0.1:1234 --tlscacert /run/multi-platform-image/tls/ca.pem ` +
        `--tlsservername ${pem.serverName} --tlscert cert --tlskey key debug info && rm -r /tmp/old`,
    );
    if (runsAll) await succeed(await holder(connections.new, "renewed"));
    assert.equal((await instanceOf(ec2.cloud, builderName, "amd64")).boots, 1);
  });
});
