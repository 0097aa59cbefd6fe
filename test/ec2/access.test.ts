import * as assert from "node:assert/strict";

import type { EC2 } from "@aws-sdk/client-ec2";
import type { SSM } from "@aws-sdk/client-ssm";

import type { Access } from "../../components/nodes/node";
import type { Progress } from "../../components/support/progress";
import { type Ec2Connection, type Lease, parameterNames, tagNames } from "../../components/nodes/ec2/connection";
import { parseDescription } from "../../components/nodes/ec2/run/ruleText";
import { Forgotten } from "../../components/nodes/ec2/run/forgotten";
import { Ingress } from "../../components/nodes/ec2/run/callerRules";
import { LeaseClaim } from "../../components/nodes/ec2/run/lease";
import { clientsOnce, ec2Session } from "../../components/nodes/ec2/run/open";
import type { AwsSettings } from "../../components/nodes/ec2/awsSettings";
import type { Cloud } from "../cloud/cloud";
import { skipWithout, type TestRun } from "../hosts";
import { type AccessAccount, AccessBuilder, isAfter, makeBuilder, openAccessAccount } from "./accessAccount";

const caller = "203.0.113.7";

describe("access to nodes on EC2", () => {
  let account: AccessAccount;
  let run: TestRun;
  let cloud: Cloud;
  let ec2: EC2;
  let ssm: SSM;
  let aws: AwsSettings;
  let connection: Ec2Connection;
  let builder: AccessBuilder;
  let builders = 0;
  const told: string[] = [];
  const progress: Progress = (message) => void told.push(message);

  before(async function () {
    this.timeout(600_000); // The first run on a machine makes the emulator.
    skipWithout(this, ["namespaces"]);
    account = await openAccessAccount();
    ({ run, cloud, ec2, ssm, aws } = account);
  });

  beforeEach(async () => {
    told.length = 0;
    builders += 1;
    connection = await makeBuilder(account, `builder-${builders}`, caller);
    builder = new AccessBuilder(account, connection);
  });

  afterEach(() => cloud.faults());

  after(() => run?.close());

  const open = (changes: Partial<Ec2Connection> = {}): Access => ec2Session({ ...connection, ...changes }, aws).access;

  it("is a rule for the caller's address and a claim, given up at the end", async () => {
    const access = open();
    const before = Date.now();
    await access.acquire(progress);
    const after = Date.now();
    const [rule, ...others] = await builder.rules();
    assert.equal(others.length, 0);
    assert.equal(rule.CidrIpv4, `${caller}/32`);
    assert.equal(rule.FromPort, 1234);
    assert.ok(rule.ToPort! > 1234 && rule.ToPort! <= 2233);
    const { until, holder } = parseDescription(rule.Description)!;
    isAfter(until.getTime() / 1_000, 6 * 3_600, before, after);
    const claims = await builder.lease();
    assert.deepEqual(Object.keys(claims), [`up-${holder}`]);
    isAfter(claims[`up-${holder}`], 40, before, after);

    await access.release(false);
    assert.deepEqual(await builder.rules(), []);
    assert.deepEqual(await builder.lease(), {});
    assert.deepEqual(told, []);
  });

  it("is held until the last of its users is done, and can be had again", async () => {
    const access = open();
    await Promise.all([access.acquire(progress), access.acquire(progress)]);
    assert.equal((await builder.rules()).length, 1);
    await access.release(false);
    assert.equal((await builder.rules()).length, 1);
    await Promise.all([access.release(false), access.acquire(progress)]);
    assert.equal((await builder.rules()).length, 1);
    assert.equal(Object.keys(await builder.lease()).length, 1);
    await access.release(false);
    await access.release(false);
    assert.deepEqual(await builder.rules(), []);
  });

  it("is each update's own, also from the same address", async () => {
    const accesses = [open(), open(), open()];
    await Promise.all(accesses.map((access) => access.acquire(progress)));
    assert.equal((await builder.rules()).length, 3);
    await accesses[0].release(false);
    assert.equal((await builder.rules()).length, 2);
    await Promise.all(accesses.map((access) => access.release(false)));
    assert.deepEqual(await builder.rules(), []);
    assert.deepEqual(await builder.lease(), {});
  });

  it("draws another port where a rule is there already", async () => {
    await Promise.all(Array.from({ length: 5 }, (_, at) => builder.authorize(caller, "somebody", 1235 + at)));
    const original = Math.random;
    const draws = [0, 0.001, 0.5];
    Math.random = () => draws.shift() ?? original();
    const access = open();
    try {
      await access.acquire(progress);
    } finally {
      Math.random = original;
    }
    await access.release(false);
    assert.equal((await builder.rules()).length, 5);
  });

  it("takes an IPv6 address", async () => {
    const access = open({ ingress: { from: "caller", address: "2001:db8::7" } });
    await access.acquire(progress);
    assert.equal((await builder.rules())[0].CidrIpv6, "2001:db8::7/128");
    await access.release(false);
    assert.deepEqual(await builder.rules(), []);
  });

  it("sweeps the rules of callers that were killed, and no others", async () => {
    await builder.authorize("198.51.100.1", "multi-platform-image until=2020-01-01T00:00:00Z by=0a0a0a0a");
    await builder.authorize("198.51.100.2", "multi-platform-image until=2099-01-01T00:00:00Z by=0b0b0b0b");
    await builder.authorize("198.51.100.3", "until=2020-01-01T00:00:00Z");
    const access = open();
    await access.acquire(progress);
    await access.release(false);
    assert.deepEqual((await builder.rules()).map(({ CidrIpv4 }) => CidrIpv4).sort(), [
      "198.51.100.2/32",
      "198.51.100.3/32",
    ]);
  });

  it("needs no rule where the builder's stand", async () => {
    const access = open({ ingress: { from: "vpc" } });
    await access.acquire(progress);
    assert.deepEqual(await builder.rules(), []);
    assert.equal(Object.keys(await builder.lease()).length, 1);
    await access.release(false);
  });

  it("keeps claims of others, and loses none to a write at the same time", async () => {
    const clients = await clientsOnce(connection, aws)();
    const holders = ["a", "b", "c"].map((holder) => new LeaseClaim(clients, connection.builderName, holder));
    await holders[0].hold(60);
    await Promise.all(holders.slice(1).map((holder) => holder.hold(60)));
    assert.deepEqual(Object.keys(await builder.lease()).sort(), ["a", "b", "c"]);
    await holders[1].release();
    assert.deepEqual(Object.keys(await builder.lease()).sort(), ["a", "c"]);
  });

  it("is had where the lease is full of claims that are over", async () => {
    const ended = Math.floor(Date.now() / 1_000) - 60;
    const claims = Array.from({ length: 163 }, (_, at) => [`up-${at.toString(16).padStart(8, "0")}`, ended]);
    await builder.writeLease(Object.fromEntries(claims) as Lease);
    const { length } = await builder.leaseText();
    assert.ok(length > 4_050 && length <= 4_096, `${length} characters`);
    const access = open();
    await access.acquire(progress);
    assert.equal(Object.keys(await builder.lease()).length, 1);
    assert.ok((await builder.leaseText()).length < 1_000);
    await access.release(false);
  });

  it("removes what callers that were killed have left: rules and instances that nobody claims", async () => {
    const inFiveHours = `until=${new Date(Date.now() + 5 * 3_600_000).toISOString().replace(/\.\d+Z$/, "Z")}`;
    await builder.authorize("198.51.100.1", `multi-platform-image ${inFiveHours} by=0a0a0a0a`);
    await builder.authorize("198.51.100.2", `multi-platform-image ${inFiveHours} by=0b0b0b0b`);
    await builder.authorize("198.51.100.3", "office");
    const [left, held] = [await launch(), await launch()];
    // The account can't be told that time has gone by; whoever looks can.
    const clients = { ...(await clientsOnce(connection, aws)()), now: () => Date.now() + 13 * 60_000 };
    const until = Math.floor(clients.now() / 1_000) + 600;
    await builder.writeLease({ "up-0a0a0a0a": until - 601, "up-0b0b0b0b": until, [left]: until - 601, [held]: until });
    const ingress = new Ingress(clients, connection.securityGroupId, "");
    const ephemeralNodes = [{}] as Ec2Connection["ephemeralNodes"];
    const forgotten = new Forgotten({ ...connection, ephemeralNodes }, clients, ingress);
    await forgotten.look();
    const { instances } = await forgotten.remove();
    assert.deepEqual(instances, [left]);
    const states = (await cloud.instances()).filter(({ id }) => [left, held].includes(id));
    assert.match(states.find(({ id }) => id === left)!.state, /shutting-down|terminated/);
    assert.match(states.find(({ id }) => id === held)!.state, /pending|running/);
    assert.deepEqual((await builder.rules()).map(({ CidrIpv4 }) => CidrIpv4).sort(), [
      "198.51.100.2/32",
      "198.51.100.3/32",
    ]);
  });

  async function launch(): Promise<string> {
    const tags = { [tagNames.builder]: connection.builderName, [tagNames.lifecycle]: "ephemeral" };
    const { Instances } = await ec2.runInstances({
      ImageId: cloud.images[0].id,
      InstanceType: "c7a.xlarge",
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [
        { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
      ],
    });
    return Instances![0].InstanceId!;
  }

  it("is refused to the credentials of another account", async () => {
    await assert.rejects(
      open({ accountId: "210987654321" }).acquire(progress),
      /is in AWS account 210987654321, and the credentials here are of account 123456789012 \(arn:aws:\S+\)\. Fix: /,
    );
    assert.deepEqual(await builder.rules(), []);
  });

  it("says which permission is missing, and leaves nothing behind", async () => {
    const message = "Not authorized. Encoded authorization failure message: 4Kx9";
    await cloud.faults({ operation: "AuthorizeSecurityGroupIngress", code: "UnauthorizedOperation", message });
    await assert.rejects(
      open().acquire(progress),
      /^BuildError: ec2:AuthorizeSecurityGroupIngress on arn:aws:ec2:us-east-1:123456789012:security-group\/sg-\w+ by arn:\S+ is not allowed/,
    );
    assert.deepEqual(await builder.lease(), {});
    await cloud.faults();
    await ssm.deleteParameter({ Name: parameterNames.lease(connection.builderName) });
    await assert.rejects(
      open().acquire(progress),
      /builder-\d+\/lease of builder \S+ is not there\. Fix: run `pulumi up/,
    );
    assert.deepEqual(await builder.rules(), []);
  });

  it("explains a group that is full", async () => {
    const message = "The maximum number of rules per security group has been reached.";
    await cloud.faults({
      operation: "AuthorizeSecurityGroupIngress",
      code: "RulesPerSecurityGroupLimitExceeded",
      message,
    });
    await assert.rejects(open().acquire(progress), /is full: .*L-0EA8095F.*Fix: let callers in by `ingress`/);
  });

  it("is given up without a word of failure, but tells what stays", async () => {
    const access = open();
    await access.acquire(progress);
    await cloud.faults({ operation: "RevokeSecurityGroupIngress", code: "UnauthorizedOperation", message: "No." });
    await access.release(false);
    assert.match(told.join(), /left behind, to expire by itself: ec2:RevokeSecurityGroupIngress on/);
  });
});
