import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { EC2 } from "@aws-sdk/client-ec2";
import type { SSM } from "@aws-sdk/client-ssm";

import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import { type Ec2Connection, parameterNames } from "../../components/nodes/ec2/connection";
import { Hold } from "../../components/nodes/ec2/run/updateHold";
import { clientsOnce } from "../../components/nodes/ec2/run/open";
import type { AwsSettings } from "../../components/nodes/ec2/awsSettings";
import type { Cloud } from "../cloud/cloud";
import { skipWithout, type TestRun } from "../hosts";
import { drawSeeded } from "../seed";
import { nightly } from "../tier";
import { ingressRules, makeBuilder, openAccessAccount } from "./accessAccount";

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
    const account = await openAccessAccount();
    ({ run, cloud, ec2, ssm, aws } = account);
    connection = await makeBuilder(account, builderName, "203.0.113.7");
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") {
      console.log(cloud.log());
    }
  });

  after(() => run?.close());

  const rules = () => ingressRules(ec2, connection.securityGroupId);

  const leaseText = async () =>
    (await ssm.getParameter({ Name: parameterNames.lease(builderName) })).Parameter?.Value ?? "";

  const lease = async () => liveClaims(parseLease(await leaseText()), Date.now() / 1_000);

  it("holds through 200 updates of which a fifth is killed: small, open to all, and left by none", async () => {
    const draw = drawSeeded();
    const clients = await clientsOnce(connection, aws)();
    const living = new Set<Hold>();
    let killed = 0;
    const most = { characters: 0, rules: 0, claims: 0 };
    const check = async () => {
      const text = await leaseText();
      assert.ok(text.length < 1_000, `${text.length} characters`);
      const [left, names] = [await rules(), Object.keys(await lease())];
      most.characters = Math.max(most.characters, text.length);
      most.rules = Math.max(most.rules, left.length);
      most.claims = Math.max(most.claims, names.length);
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
    const { characters, rules: ruleCount, claims } = most;
    console.log(
      `      200 updates, ${killed} killed: at most ${claims} claims in ${characters} characters, ${ruleCount} rules; 0 refused, 0 left`,
    );
  });
});
