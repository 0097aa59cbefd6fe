import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import type { BuilderStatus } from "../../components/nodes/ec2/shell/builderStatus";
import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import { type Ec2Connection, type Lease, parameterNames } from "../../components/nodes/ec2/connection";
import { prepareTools } from "../../tools";
import { type Cloud, startCloud } from "../cloud/cloud";
import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { temporaryDirectory, waitFor } from "../main/stack";
import { putLease } from "./accessAccount";
import { leadAddresses, makeBuilder } from "./cliBuilder";
import { type Outcome, slowSource, startCommand, type StartedCommand, storedBuilder } from "./command";

const builderName = "builders-1a2b3c4d";
const directName = `${builderName}-direct`;

// Instances of this cloud only have states: their addresses lead to a node of the harness.
describe("the command line, in a cloud", function () {
  this.timeout(300_000);
  let machines: Machines;
  let cloud: Cloud;
  let ec2: EC2;
  let ssm: SSM;
  let instanceId: string;
  let securityGroupId: string;
  let connection: Ec2Connection;
  let buildx: string;
  let home: string;
  let watch: Promise<void>;
  let isOver = false;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    [{ path: buildx }] = await prepareTools(["buildx"]);
    const delays = { pending: 0.5, stopping: 0.5 };
    cloud = await startCloud(machines.run, machines.network, machines.authority, { machines: false, delays });
    [ec2, ssm] = [new EC2(cloud.client), new SSM(cloud.client)];
    home = temporaryDirectory("home");
    connection = await makeBuilder(cloud, ec2, ssm, machines.amd64, builderName);
    ({
      securityGroupId,
      nodes: [{ instanceId }],
    } = connection);
    watch = leadAddresses(cloud, machines.amd64, () => isOver);
  });

  after(async () => {
    isOver = true;
    await watch;
    await cloud?.stop();
  });

  it("lists builders, and shows one by the beginning of its name", async () => {
    await cloud.forgetCalls();
    const all = await run("status");
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, new RegExp(`^${builderName}  amd64  linux/amd64  ${instanceId}  stopped$`, "m"));
    const one = await run("status", "builders");
    assert.match(one.stdout, new RegExp(`^builder ${builderName}, account 123456789012 in us-east-1$`, "m"));
    assert.match(one.stdout, /\nNobody holds the nodes\.\n\nNobody is let in\.\n$/);
    const operations = new Set((await cloud.calls()).map(({ operation }) => operation));
    assert.deepEqual([...operations].sort(), [
      "DescribeInstances",
      "DescribeLaunchTemplates",
      "DescribeSecurityGroupRules",
      "GetCallerIdentity",
      "GetParameter",
    ]);
  });

  it("names what there is if a name is wrong", async () => {
    const { code, stderr } = await run("wake", "other");
    assert.equal(code, 1);
    assert.match(stderr, /there is no builder other in account 123456789012 in us-east-1; these are there: builders-/);
    assert.equal((await run("wake")).code, 2);
  });

  it("fails with the reason, and holds nothing then", async () => {
    const code = "InsufficientInstanceCapacity";
    await cloud.faults({ operation: "StartInstances", code, message: "None left." });
    const outcome = await run("wake", "builders");
    await cloud.faults();
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /^multi-platform-image: node amd64 \(i-\w+\) could not be started: AWS has no free/m);
    assert.doesNotMatch(outcome.stderr, / at .*:\d+:\d+/);
    assert.deepEqual(await held(), { lease: [], rules: [] });
  });

  it("holds nothing after Ctrl-C", async () => {
    await cloud.change({ pending: 8 });
    const waking = await start("wake", "builders");
    await waitFor("the wait", () => /waiting for node amd64, 3 s/.test(waking.stderr()), 30);
    assert.equal((await held()).rules.length, 1);
    waking.child.kill("SIGINT");
    assert.equal((await waking.done).code, 130);
    await cloud.change({ pending: 0.5 });
    assert.deepEqual(await held(), { lease: [], rules: [] });
  });

  it("recipe 4: wakes a builder, for a build from the shell", async () => {
    const begin = Date.now();
    const { code, stdout, stderr } = await run("wake", "builders", "--minutes", "30");
    assert.equal(code, 0, stderr);
    console.log(`      woken in ${(Date.now() - begin) / 1_000} s:\n${stderr.replace(/^/gm, "        ")}`);
    assert.equal(
      stdout,
      `docker buildx build --builder ${directName} --platform linux/amd64 --tag REPOSITORY:TAG --push .\n`,
    );
    const { lease, rules } = await held();
    assert.match(lease.join(), /^cli-[0-9a-f]{8} 30$/);
    assert.match(rules.join(), /^203\.0\.113\.10\/32 multi-platform-image until=\S+ by=[0-9a-f]{8} 30$/);
    await build("FROM scratch\nCOPY Dockerfile /\n");
  });

  it("registers as `buildx create --driver-opt` does", async () => {
    const ours = fs.readFileSync(storedBuilder(home, directName), "utf8");
    const [{ Name, Endpoint, DriverOpts }] = (
      JSON.parse(ours) as { Nodes: { Name: string; Endpoint: string; DriverOpts: Record<string, string> }[] }
    ).Nodes;
    const other = temporaryDirectory("create");
    const driverOptions = Object.entries(DriverOpts).map(([name, value]) => `${name}=${value}`);
    const args = ["create", "--driver", "remote", "--name", directName, "--node", Name, "--platform", "linux/amd64"];
    const env = { PATH: process.env.PATH, HOME: other };
    await promisify(execFile)(buildx, [...args, "--driver-opt", driverOptions.join(","), Endpoint], { env });
    assert.equal(ours, fs.readFileSync(storedBuilder(other, directName), "utf8"));
    assert.equal(fs.statSync(DriverOpts.key).mode & 0o777, 0o600);
  });

  it("keeps one claim and one rule, and shortens neither", async () => {
    const { code, stderr } = await run("wake", builderName, "--minutes", "5");
    assert.equal(code, 0, stderr);
    const { lease, rules } = await held();
    assert.match(lease.join(), /^cli-[0-9a-f]{8} 30$/);
    assert.match(rules.join(), /^203\S+ \S+ \S+ \S+ 30$/);
  });

  it("sees a build that runs, and does not stop its node", async () => {
    const source = await slowSource(machines.network.address);
    const building = build(`FROM scratch\nADD ${source.url} /\n`);
    const seen = await waitForBuild();
    assert.equal(seen.nodes[0].buildkitVersion, "v0.33.1");
    assert.deepEqual(
      [seen.leases, seen.ingress].map(([{ isOwn }]) => isOwn),
      [true, true],
    );
    await cloud.forgetCalls();
    const { code, stderr } = await run("stop", "builders");
    assert.equal(code, 1);
    assert.match(stderr, /builder builders-1a2b3c4d is in use: node amd64 runs 1 build\. Fix: wait, or .* --force/);
    assert.ok((await cloud.calls()).every(({ operation }) => operation !== "StopInstances"));
    source.answer();
    await building;
  });

  it("does not stop what somebody else holds", async () => {
    const mine = await lease();
    await putLease(ssm, builderName, { ...mine, "up-00000001": Math.ceil(Date.now() / 1_000) + 600 });
    const { code, stderr } = await run("stop", "builders");
    assert.equal(code, 1);
    assert.match(stderr, /is in use: up-00000001 holds the nodes until \S+Z\. Fix: wait/);
    await putLease(ssm, builderName, mine);
  });

  it("recipe 5: stops a builder, and gives back what `wake` took", async () => {
    const { code, stdout, stderr } = await run("stop", "builders");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `Stopped amd64 of ${builderName}.\n`);
    assert.deepEqual(await held(), { lease: [], rules: [] });
    assert.equal((await cloud.instances())[0].state, "stopped");
    assert.equal((await run("stop", "builders")).stdout, `No node of ${builderName} runs.\n`);
  });

  it("cleans this machine without a call to anybody", async () => {
    await cloud.forgetCalls();
    const { code, stdout } = await run("clean");
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^removed builder ${directName} \\(direct\\) from buildx's store$`, "m"));
    assert.deepEqual(await cloud.calls(), []);
    const left = fs.readdirSync(home, { recursive: true, encoding: "utf8" });
    assert.ok(!left.some((file) => /builders|multi-platform-image|\.pem$/.test(file)), left.join("\n"));
  });

  function start(...args: string[]): Promise<StartedCommand> {
    return startCommand(cloud, home, args);
  }

  async function run(...args: string[]): Promise<Outcome> {
    const outcome = await (await start(...args)).done;
    assert.doesNotMatch(outcome.stdout + outcome.stderr, /PRIVATE KEY|of-the-tests-alone/);
    return outcome;
  }

  async function build(dockerfile: string): Promise<void> {
    const context = temporaryDirectory("context");
    fs.writeFileSync(path.join(context, "Dockerfile"), dockerfile);
    const args = ["build", "--builder", directName, "--platform", "linux/amd64", context];
    const [program, ...rest] = cloud.enter([buildx, ...args]);
    await promisify(execFile)(program, rest, { env: { PATH: process.env.PATH, HOME: home } });
  }

  async function waitForBuild(): Promise<BuilderStatus> {
    for (;;) {
      const { code, stdout, stderr } = await run("status", "builders", "--json");
      assert.equal(code, 0, stderr);
      const status = JSON.parse(stdout) as BuilderStatus;
      if (status.nodes[0].activeBuilds === 1) {
        return status;
      }
    }
  }

  async function lease(): Promise<Lease> {
    const { Parameter } = await ssm.getParameter({ Name: parameterNames.lease(builderName) });
    return liveClaims(parseLease(Parameter!.Value), Date.now() / 1_000);
  }

  /** Claims and rules, each with the minutes that it still lasts, rounded. */
  async function held(): Promise<{ lease: string[]; rules: string[] }> {
    const minutes = (until: number) => Math.round((until - Date.now()) / 60_000);
    const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({
      Filters: [{ Name: "group-id", Values: [securityGroupId] }],
    });
    return {
      lease: Object.entries(await lease()).map(([holder, until]) => `${holder} ${minutes(until * 1_000)}`),
      rules: SecurityGroupRules.filter(({ IsEgress }) => !IsEgress).map(({ CidrIpv4, Description }) => {
        const until = Date.parse(/until=(\S+)/.exec(Description ?? "")![1]);
        return `${CidrIpv4} ${Description} ${minutes(until)}`;
      }),
    };
  }
});
