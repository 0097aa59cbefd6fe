import { setTimeout as sleep } from "node:timers/promises";

import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";

import type { Cloud } from "../cloud/cloud";

const role = "deployer";

/** A role that may all, and an aws provider that takes it: where nothing in the environment leads to the account. */
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
  const services = ["cloudwatch", "ec2", "ssm", "sts", "iam", "ecr"];
  return {
    provider: {
      region: "us-east-1",
      assumeRoles: [{ roleArn: `arn:aws:iam::123456789012:role/${role}`, sessionName: "tests" }],
      endpoints: [Object.fromEntries(services.map((service) => [service, endpoint]))],
    },
    environment: { AWS_ENDPOINT_URL: "http://127.0.0.1:9", AWS_REGION: "eu-central-1" },
    remove: async () => {
      await iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: "all" }));
      await iam.send(new DeleteRoleCommand({ RoleName: role }));
    },
  };
}

/** All that was called in the account was called by that role, or to become it. */
export async function callsOfOthers(cloud: Cloud): Promise<string[]> {
  const calls = await cloud.calls();
  return calls
    .filter(({ caller, operation }) => caller.kind === "caller" && !/AssumeRole|GetCallerIdentity/.test(operation))
    .map(({ operation }) => operation);
}
