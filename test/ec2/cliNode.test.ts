import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import type { BuilderStatus } from "../../components/nodes/ec2/shell/builderStatus";
import { parameterNames } from "../../components/nodes/ec2/connection";
import { prepareTools } from "../../tools";
import { skipWithout } from "../hosts";
import { type Stack, temporaryDirectory } from "../main/stack";
import { type Outcome, startCommand } from "./command";
import { destroyInAll } from "./destroy";
import { buildkitRelease, createStack, type Ec2Machines, getEc2 } from "./fixture";

describe("the command line, with a node that boots", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let stack: Stack | undefined;
  let builderName: string;
  const home = temporaryDirectory("home");

  before(async function () {
    skipWithout(this, ["cloud"]);
    ec2 = await getEc2();
    stack = await createStack({
      builder: {
        nodes: [{ kind: "ec2", platform: "linux/amd64" }],
        wakeTimeoutSeconds: 240,
        ec2: { buildkit: await buildkitRelease(), ingress: { from: "caller", address: ec2.cloud.vpc.callerAddress } },
      },
      images: {},
    });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    ({ builderName } = await stack.outputs<{ builderName: string }>());
  });

  after(() => destroyInAll(stack));

  async function run(...args: string[]): Promise<Outcome> {
    const begin = Date.now();
    const outcome = await (await startCommand(ec2.cloud, home, args)).done;
    const seconds = Math.round((Date.now() - begin) / 1_000);
    console.log(
      `      ${args.join(" ")} (${seconds} s)\n${(outcome.stderr + outcome.stdout).replace(/^/gm, "        ")}`,
    );
    return outcome;
  }

  async function build(): Promise<void> {
    const [{ path: buildx }] = await prepareTools(["buildx"]);
    const context = temporaryDirectory("context");
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    const args = ["build", "--builder", `${builderName}-direct`, "--platform", "linux/amd64", context];
    const [program, ...rest] = ec2.cloud.enter([buildx, ...args]);
    await promisify(execFile)(program, rest, { env: { PATH: process.env.PATH, HOME: home } });
  }

  it("wakes it on its first boot, and builds on it", async () => {
    assert.equal((await run("wake", "builders")).code, 0);
    await build();
    const { stdout } = await run("status", "builders", "--json");
    const { nodes, ingress } = JSON.parse(stdout) as BuilderStatus;
    assert.deepEqual([nodes[0].state, nodes[0].buildkitVersion, nodes[0].activeBuilds], ["running", "v0.33.1", 0]);
    assert.equal(ingress.length, 1);
    assert.match((await run("status", "builders")).stdout, /^203\.0\.113\.10\/32 .* \(this machine\) /m);
    assert.match((await run("status")).stdout, new RegExp(`^${builderName}  amd64 .* running$`, "m"));
  });

  it("stops it, which closes the way in, and wakes it again at another address", async () => {
    assert.equal((await run("stop", "builders")).code, 0);
    const [instance] = (await ec2.cloud.instances()).filter(({ tags }) => Object.values(tags).includes(builderName));
    assert.equal(instance.state, "stopped");
    assert.deepEqual(await ec2.cloud.ingress(instance.id), []);
    assert.match((await run("status", builderName)).stdout, /^amd64 .* stopped /m);
    await assert.rejects(build());
    assert.equal((await run("wake", "builders")).code, 0);
    await build();
  });

  it("takes a claim for another machine's that it has forgotten", async () => {
    fs.rmSync(path.join(home, ".config"), { recursive: true });
    const { code, stderr } = await run("stop", "builders");
    assert.equal(code, 1);
    assert.match(stderr, /is in use: cli-[0-9a-f]{8} holds the nodes until/);
  });

  it("asks a node that nobody holds and nobody is let in to, and stops it", async () => {
    const [ec2Client, ssm] = [new EC2(ec2.cloud.client), new SSM(ec2.cloud.client)];
    await ssm.putParameter({ Name: parameterNames.lease(builderName), Value: "{}", Overwrite: true });
    const { ingress } = JSON.parse((await run("status", "builders", "--json")).stdout) as BuilderStatus;
    const { securityGroups } = await ec2.cloud.inventory();
    const group = securityGroups.find((each) => each.ingress.some(({ id }) => id === ingress[0].id))!;
    await ec2Client.revokeSecurityGroupIngress({ GroupId: group.id, SecurityGroupRuleIds: [ingress[0].id] });
    await ec2.cloud.forgetCalls();
    const { code, stderr } = await run("stop", "builders");
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /does not answer/);
    const changes = /^(Authorize|Revoke|Start|Stop)/;
    const operations = (await ec2.cloud.calls()).filter(({ caller }) => caller.kind === "caller");
    assert.deepEqual(
      operations.map(({ operation }) => operation).filter((operation) => changes.test(operation)),
      ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "StopInstances"],
    );
  });

  it("leaves nothing on this machine after `clean`", async () => {
    assert.equal((await run("clean", "builders")).code, 0);
    assert.equal((await run("clean", "builders")).stdout, "Nothing to remove.\n");
  });
});
