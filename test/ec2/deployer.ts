import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";

import type { Cloud } from "../cloud/cloud";
import { temporaryDirectory } from "../main/stack";

const role = "deployer";
const profile = "deployer";

/**
 * A role that may all, and an aws provider that takes it with the keys of a profile: where nothing else in the environment leads to
 * the account.
 */
export interface Deployer {
  provider: object;
  environment: NodeJS.ProcessEnv;
  remove: () => Promise<void>;
}

export async function createDeployer(cloud: Cloud): Promise<Deployer> {
  const iam = new IAMClient(cloud.client);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
  };
  const all = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
  await iam.send(new CreateRoleCommand({ RoleName: role, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: "all", PolicyDocument: JSON.stringify(all) }));
  // IAM is 3 s late; a deployer's role is older than that.
  await sleep(3_500);
  // The endpoint is the provider's alone.
  const { AWS_ENDPOINT_URL: endpoint = "" } = cloud.environment();
  const { accessKeyId, secretAccessKey } = cloud.client.credentials;
  const file = path.join(temporaryDirectory("aws"), "config");
  const keys = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
  fs.writeFileSync(file, [`[profile ${profile}]`, ...keys, ""].join("\n"));
  const services = ["cloudwatch", "ec2", "ssm", "sts", "iam", "ecr"];
  return {
    provider: {
      region: "us-east-1",
      profile,
      assumeRoles: [{ roleArn: `arn:aws:iam::123456789012:role/${role}`, sessionName: "tests" }],
      endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
    },
    environment: {
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "AKIAOFANOTHERACCOUNT",
      AWS_SECRET_ACCESS_KEY: "of-another-account",
      AWS_CONFIG_FILE: file,
    },
    remove: async () => {
      await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: "all" }));
      await iam.send(new DeleteRoleCommand({ RoleName: role }));
    },
  };
}

/** Of the calls since the log was emptied: one lets a caller in, as that role, and so are all others, but those to become it. */
export async function assertAllIsCalledByDeployer(cloud: Cloud): Promise<void> {
  const calls = await cloud.calls();
  const authorized = calls.filter(({ operation }) => operation === "AuthorizeSecurityGroupIngress");
  assert.equal(authorized.length, 1);
  assert.match(authorized[0].caller.arn, new RegExp(`assumed-role/${role}/`));
  const others = calls.filter(
    ({ caller, operation }) => caller.kind === "caller" && !/AssumeRole|GetCallerIdentity/.test(operation),
  );
  assert.deepEqual(
    others.map(({ operation }) => operation),
    [],
  );
}
