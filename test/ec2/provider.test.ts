import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import {
  IAMClient,
  CreateRoleCommand,
  PutRolePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
} from "@aws-sdk/client-iam";

import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { amd64Spec, writeApp } from "./amd64";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";

const role = "deployer";

describe("a builder with an aws provider of its own", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let iam: IAMClient;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    iam = new IAMClient(ec2.cloud.client);
    const trust = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
    };
    const all = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
    await iam.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await iam.send(
      new PutRolePolicyCommand({ RoleName: role, PolicyName: "all", PolicyDocument: JSON.stringify(all) }),
    );
    // IAM is 3 s late; a deployer's role is older than that.
    await sleep(3_500);
    // The endpoint is the provider's alone: nothing in the environment leads to the account.
    const { AWS_ENDPOINT_URL: endpoint = "" } = ec2.cloud.environment();
    const services = ["cloudwatch", "ec2", "ssm", "sts", "iam", "ecr"];
    stack = await createStack(
      {
        ...(await amd64Spec({ name: "provider" })),
        provider: {
          region: "us-east-1",
          assumeRoles: [{ roleArn: `arn:aws:iam::123456789012:role/${role}`, sessionName: "tests" }],
          endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
        },
      },
      { environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_REGION: "eu-central-1" } },
    );
    await writeApp(stack);
  });

  after(async () => {
    await iam?.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: "all" }));
    await iam?.send(new DeleteRoleCommand({ RoleName: role }));
  });

  it("is woken with that provider's region, endpoints and role", async () => {
    await ec2.cloud.forgetCalls();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const calls = await ec2.cloud.calls();
    const authorized = calls.filter(({ operation }) => operation === "AuthorizeSecurityGroupIngress");
    assert.equal(authorized.length, 1, output);
    assert.match(authorized[0].caller.arn, /assumed-role\/deployer\//);
    const direct = calls.filter(
      ({ caller, operation }) => caller.kind === "caller" && !/AssumeRole|GetCallerIdentity/.test(operation),
    );
    assert.deepEqual(
      direct.map(({ operation }) => operation),
      [],
    );
    assert.doesNotMatch(stack.stateText(), /"secretKey"\s*:\s*"[^"]*of-the-tests/);
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
  });
});
