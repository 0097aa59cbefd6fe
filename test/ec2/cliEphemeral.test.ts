import * as assert from "node:assert/strict";

import { EC2, type Tag } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import { callerPolicy, callerRoles } from "../../components/nodes/ec2/policies/policyTable";
import { formatDescription } from "../../components/nodes/ec2/run/ruleText";
import type { BuilderStatus } from "../../components/nodes/ec2/shell/builderStatus";
import {
  coldClaim,
  type Ec2Connection,
  type Lease,
  parameterNames,
  tagNames,
} from "../../components/nodes/ec2/connection";
import { type Cloud, startCloud } from "../cloud/cloud";
import { allowedOn, refusals } from "../cloud/refusals";
import { serverName, skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { temporaryDirectory } from "../main/stack";
import { nightly } from "../tier";
import { type Outcome, startCommand } from "./command";
import { waitForState } from "./node";

const builderName = "farm-1a2b3c4d";
const tags = (node: string): Tag[] =>
  Object.entries({
    [tagNames.builder]: builderName,
    [tagNames.node]: node,
    [tagNames.platform]: `linux/${node}`,
  }).map(([Key, Value]) => ({ Key, Value }));
const ephemeral: Tag = { Key: tagNames.lifecycle, Value: "ephemeral" };

// Instances of this cloud only have states: whoever asks their daemons gets no answer.
describe("the command line, with ephemeral nodes", function () {
  this.timeout(300_000);
  let machines: Machines;
  let cloud: Cloud;
  let ec2: EC2;
  let ssm: SSM;
  let groupId: string;
  const home = temporaryDirectory("home");

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const delays = { pending: 0.5, stopping: 0.5 };
    cloud = await startCloud(machines.run, machines.network, machines.authority, { machines: false, delays });
    [ec2, ssm] = [new EC2(cloud.client), new SSM(cloud.client)];
    await makeBuilder();
  });

  after(() => cloud?.stop());

  it("knows a builder of which no node runs, and says that this is normal", async () => {
    const { code, stdout, stderr } = await run("status");
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^${builderName}  amd64  linux/amd64  -         none runs$`, "m"));
    assert.match((await run("status", "farm")).stdout, /\n\nNo node runs, as it should be: each `pulumi up` /);
    assert.equal((await run("stop", "farm")).stdout, `No node of ${builderName} runs.\n`);
  });

  it("wakes none, and says what to use", async () => {
    await cloud.forgetCalls();
    const { code, stderr } = await run("wake", "farm");
    assert.equal(code, 1);
    assert.match(stderr, /builder farm-1a2b3c4d has no nodes to wake: .* Fix: .* `lifecycle: "stop-when-idle"`\.$/m);
    const operations = (await cloud.calls()).map(({ operation }) => operation);
    assert.ok(
      operations.every((operation) => /^(Get|Describe)/.test(operation)),
      operations.join(),
    );
  });

  it("shows whose the nodes are that run, and terminates those of nobody", async () => {
    const [held, left] = [await launch(), await launch()];
    const until = Math.ceil(Date.now() / 1_000) + 600;
    await writeLease({ "up-00000001": until, [held]: until, [coldClaim(held)]: until, [left]: until - 700 });
    const { nodes, leases } = JSON.parse((await run("status", "farm", "--json")).stdout) as BuilderStatus;
    assert.deepEqual(Object.fromEntries(nodes.map(({ instanceId, name, heldBy }) => [instanceId, [name, heldBy]])), {
      [held]: ["amd64", "up-00000001"],
      [left]: ["amd64", undefined],
    });
    assert.deepEqual(
      leases.map(({ holder }) => holder),
      ["up-00000001"],
    );
    const refused = await run("stop", "farm");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /is in use: up-00000001 holds the nodes until/);

    await writeLease({});
    const stopped = await run("stop", "farm");
    assert.equal(stopped.code, 0, stopped.stderr);
    assert.equal(stopped.stdout, `Stopped amd64, amd64 of ${builderName}.\n`);
    const states = (await cloud.instances()).map(({ state }) => state);
    assert.deepEqual([...new Set(states)], ["terminated"]);
  });

  // What is whose and how long it is left alone is in unit/nodes/ec2/run/ec2Access and ec2Forgotten.
  nightly.it("removes what killed callers have left, and calls nothing that its policy does not allow", async () => {
    const [hangs, young, held] = [await launch(true), await launch(true), await launch(true)];
    for (const id of [hangs, held]) await cloud.age(id, 13);
    const seconds = Math.ceil(Date.now() / 1_000);
    await writeLease({ "up-0000000a": seconds + 600, [held]: seconds + 600 });
    const [over, ofNobody, claimed] = [
      await letIn("0000000b", seconds - 60),
      await letIn("0000000c", seconds + 600),
      await letIn("0000000a", seconds + 600),
    ];
    await cloud.forgetCalls();
    const { code, stdout, stderr } = await run("clean", "farm", "--nodes");
    assert.equal(code, 0, stderr);
    const removed = [over, ofNobody].map((id) => `removed rule ${id} of ${builderName}\n`);
    assert.equal(stdout, `${removed.join("")}terminated ${hangs} of ${builderName}\n`);
    const calls = await cloud.calls();
    const called = calls.map(({ operation }) => operation);
    for (const operation of ["GetParameter", "RevokeSecurityGroupIngress", "TerminateInstances"]) {
      assert.ok(called.includes(operation), `${operation} was not called: ${called.join()}`);
    }
    for (const builder of [builderName, builderPattern("farm")]) {
      assert.deepEqual(refusals(calls, [callerPolicy("command-line", { builder })]), []);
    }
    const others = callerRoles.map((role) => callerPolicy(role, { builder: `x${builderName}` }));
    assert.deepEqual(allowedOn(builderName, calls, others), []);

    const { securityGroups } = await cloud.inventory();
    assert.deepEqual(
      securityGroups.find(({ id }) => id === groupId)?.ingress.map(({ id }) => id),
      [claimed],
    );
    const alive = (await cloud.instances()).filter(({ state }) => state === "running").map(({ id }) => id);
    assert.deepEqual(alive.sort(), [young, held].sort());
    assert.equal((await run("clean", "farm", "--nodes")).stdout, "Nothing to remove.\n");
  });

  async function makeBuilder(): Promise<void> {
    const { GroupId } = await ec2.createSecurityGroup({
      GroupName: "builder",
      Description: "of a builder",
      TagSpecifications: [{ ResourceType: "security-group", Tags: tags("amd64") }],
    });
    groupId = GroupId!;
    await ec2.createLaunchTemplate({
      LaunchTemplateName: "farm-amd64",
      LaunchTemplateData: { InstanceType: "c7a.xlarge" },
      TagSpecifications: [{ ResourceType: "launch-template", Tags: tags("amd64") }],
    });
    const { ca, clientCertificate, clientKey } = machines.amd64;
    const connection: Ec2Connection = {
      builderName,
      accountId: "123456789012",
      region: cloud.client.region,
      vpcCidr: "10.0.0.0/16",
      securityGroupId: groupId,
      ingress: { from: "caller", address: cloud.vpc.callerAddress },
      addressing: "public",
      wakeTimeoutSeconds: 60,
      tls: { ca, cert: clientCertificate, key: clientKey, serverName },
      nodes: [],
      ephemeralNodes: [
        {
          name: "amd64",
          platform: "linux/amd64",
          launchTemplateId: "lt-0123456789abcdef0",
          launchTemplateVersion: "1",
          instanceTypes: ["c7a.xlarge"],
          subnets: [],
          capacityType: "on-demand",
          cacheVolume: { id: "vol-0123456789abcdef0", zone: "us-east-1a" },
        },
      ],
    };
    const Name = parameterNames.connection(builderName);
    await ssm.putParameter({ Name, Type: "SecureString", Value: JSON.stringify(connection) });
    await ssm.putParameter({ Name: parameterNames.lease(builderName), Type: "String", Value: "{}" });
  }

  /** A rule like those of callers that wait for their nodes. */
  async function letIn(holder: string, until: number): Promise<string> {
    const Description = formatDescription({ holder, until: new Date(until * 1_000) });
    const IpRanges = [{ CidrIp: "203.0.113.10/32", Description }];
    const [FromPort, ToPort] = [1234, 1300 + until - Math.floor(Date.now() / 1_000) + Number.parseInt(holder, 16)];
    const { SecurityGroupRules } = await ec2.authorizeSecurityGroupIngress({
      GroupId: groupId,
      IpPermissions: [{ IpProtocol: "tcp", FromPort, ToPort, IpRanges }],
    });
    return SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? "";
  }

  async function launch(isOfTemplate = false): Promise<string> {
    const { Instances } = await ec2.runInstances({
      ImageId: cloud.images.find(({ architecture }) => architecture === "x86_64")!.id,
      InstanceType: "c7a.xlarge",
      TagSpecifications: [
        { ResourceType: "instance", Tags: isOfTemplate ? [...tags("amd64"), ephemeral] : tags("amd64") },
      ],
      MinCount: 1,
      MaxCount: 1,
    });
    const id = Instances![0].InstanceId!;
    await waitForState(cloud, id, "running", 60);
    return id;
  }

  async function writeLease(value: Lease): Promise<void> {
    const Name = parameterNames.lease(builderName);
    await ssm.putParameter({ Name, Value: JSON.stringify(value), Overwrite: true });
  }

  async function run(...args: string[]): Promise<Outcome> {
    const outcome = await (await startCommand(cloud, home, args)).done;
    console.log(`      ${args.join(" ")}\n${(outcome.stderr + outcome.stdout).replace(/^/gm, "        ")}`);
    return outcome;
  }
});
