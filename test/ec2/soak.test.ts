import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { EC2, type SecurityGroupRule } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import { liveClaims, parseLease } from "../../components/ec2/claims";
import { type Ec2Connection, parameterNames } from "../../components/ec2/connection";
import { Hold } from "../../components/ec2/hold";
import { clientsOnce } from "../../components/ec2/session";
import type { AwsSettings } from "../../components/ec2/settings";
import { type Cloud, startCloud } from "../cloud/cloud";
import { createAuthority, createNetwork, openRun, skipWithout, type TestRun } from "../hosts";
import { drawSeeded } from "../seed";
import { nightly } from "../tier";

const builderName = "soak-1a2b3c4d";

nightly.describe("access to nodes on EC2, for long", function () {
  this.timeout(1_800_000);
  let run: TestRun;
  let cloud: Cloud;
  let ec2: EC2;
  let ssm: SSM;
  let aws: AwsSettings;
  let connection: Ec2Connection;
  const told: string[] = [];
  const progress = (message: string) => void told.push(message);

  before(async function () {
    skipWithout(this, ["namespaces"]);
    run = openRun();
    cloud = await startCloud(run, await createNetwork(run), await createAuthority(), { machines: false });
    run.onClose(() => cloud.stop());
    [ec2, ssm] = [new EC2(cloud.client), new SSM(cloud.client)];
    const { endpoint, credentials } = cloud.client;
    const endpoints = { ec2: endpoint, ssm: endpoint, sts: endpoint };
    aws = { accessKey: credentials.accessKeyId, secretKey: credentials.secretAccessKey, endpoints };
    const { GroupId } = await ec2.createSecurityGroup({ GroupName: builderName, Description: "of a test" });
    await ssm.putParameter({ Name: parameterNames.lease(builderName), Type: "String", Value: "{}" });
    connection = {
      builderName,
      accountId: "123456789012",
      region: cloud.client.region,
      vpcCidr: "10.0.0.0/16",
      securityGroupId: GroupId ?? "",
      ingress: { from: "caller", address: "203.0.113.7" },
      addressing: "public",
      wakeTimeoutSeconds: 60,
      tls: { ca: "", cert: "", key: "" },
      nodes: [],
      ephemeralNodes: [],
    };
  });

  after(() => run?.close());

  const rules = async (): Promise<SecurityGroupRule[]> => {
    const Filters = [{ Name: "group-id", Values: [connection.securityGroupId] }];
    const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({ Filters });
    return (SecurityGroupRules ?? []).filter(({ IsEgress }) => !IsEgress);
  };

  const leaseText = async () =>
    (await ssm.getParameter({ Name: parameterNames.lease(builderName) })).Parameter?.Value ?? "";

  const lease = async () => liveClaims(parseLease(await leaseText()), Date.now() / 1_000);

  it("holds through 200 `up`s of which a fifth is killed: small, open to all, and left by none", async () => {
    const draw = drawSeeded();
    const clients = await clientsOnce(connection, aws)();
    const living = new Set<Hold>();
    let killed = 0;
    const check = async () => {
      const text = await leaseText();
      assert.ok(text.length < 1_000, `${text.length} characters`);
      const [left, names] = [await rules(), Object.keys(await lease())];
      // One killed a moment ago is there until its claim has run out, and somebody has looked twice.
      assert.ok(
        left.length <= living.size + killed,
        `${left.length} rules, ${living.size} hold, ${killed} were killed`,
      );
      assert.ok(names.length <= left.length + 1, names.join());
    };
    for (let at = 0; at < 200; at += 1) {
      const hold = new Hold(connection, clients, () => progress);
      await hold.take();
      living.add(hold);
      if (draw() < 0.2) {
        // What a killed process leaves, without its end: nothing renews it any more.
        clearTimeout((hold as unknown as { timer: NodeJS.Timeout }).timer);
        living.delete(hold);
        killed += 1;
      }
      for (const each of [...living].filter(() => draw() < 0.3)) {
        await each.end([]);
        living.delete(each);
      }
      await check();
    }
    await Promise.all([...living].map((hold) => hold.end([])));
    // The claims of those that were killed run out; then whoever comes removes their rules.
    await sleep(41_000);
    const last = new Hold(connection, clients, () => progress);
    await last.take();
    await sleep(45_000);
    await last.end([]);
    assert.deepEqual(await rules(), []);
    assert.deepEqual(await lease(), {});
    assert.deepEqual(told, []);
  });
});
