import * as assert from "node:assert/strict";

import { EC2, type SecurityGroupRule } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";

import { type Ec2Connection, type Lease, parameterNames } from "../../components/nodes/ec2/connection";
import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import type { AwsSettings } from "../../components/nodes/ec2/awsSettings";
import { type Cloud, type CloudOptions, startCloud } from "../cloud/cloud";
import { type Authority, createAuthority, createNetwork, openRun, type TestRun } from "../hosts";

/** An account without machines: what a caller's access is, the API alone shows. */
export interface AccessAccount {
  run: TestRun;
  authority: Authority;
  cloud: Cloud;
  ec2: EC2;
  ssm: SSM;
  aws: AwsSettings;
}

export async function openAccessAccount(
  options: Pick<CloudOptions, "delays" | "minuteSeconds"> = {},
): Promise<AccessAccount> {
  const run = openRun();
  const authority = await createAuthority();
  const cloud = await startCloud(run, await createNetwork(run), authority, { machines: false, ...options });
  run.onClose(() => cloud.stop());
  const { endpoint, credentials } = cloud.client;
  const aws = {
    accessKey: credentials.accessKeyId,
    secretKey: credentials.secretAccessKey,
    endpoints: { ec2: endpoint, ssm: endpoint, sts: endpoint },
  };
  return { run, authority, cloud, ec2: new EC2(cloud.client), ssm: new SSM(cloud.client), aws };
}

/** A builder as far as access to it goes: its group, its lease, and no node. */
export async function makeBuilder(
  { ec2, ssm, cloud }: AccessAccount,
  builderName: string,
  callerAddress: string,
): Promise<Ec2Connection> {
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: builderName, Description: "of a test" });
  await ssm.putParameter({ Name: parameterNames.lease(builderName), Type: "String", Value: "{}" });
  return {
    builderName,
    accountId: "123456789012",
    region: cloud.client.region,
    vpcCidr: "10.0.0.0/16",
    securityGroupId: GroupId ?? "",
    ingress: { from: "caller", address: callerAddress },
    addressing: "public",
    wakeTimeoutSeconds: 60,
    tls: { ca: "", cert: "", key: "" },
    nodes: [],
    ephemeralNodes: [],
  };
}

/** The rules of a security group that let callers in. */
export async function ingressRules(ec2: EC2, groupId: string): Promise<SecurityGroupRule[]> {
  const Filters = [{ Name: "group-id", Values: [groupId] }];
  const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({ Filters });
  return (SecurityGroupRules ?? []).filter(({ IsEgress }) => !IsEgress);
}

export async function putLease(ssm: SSM, builderName: string, claims: Lease): Promise<void> {
  const Name = parameterNames.lease(builderName);
  await ssm.putParameter({ Name, Value: JSON.stringify(claims), Overwrite: true });
}

/** What is written down of who may reach a builder. */
export class AccessBuilder {
  constructor(
    private readonly account: AccessAccount,
    private readonly connection: Ec2Connection,
  ) {}

  rules(): Promise<SecurityGroupRule[]> {
    return ingressRules(this.account.ec2, this.connection.securityGroupId);
  }

  async leaseText(): Promise<string> {
    const Name = parameterNames.lease(this.connection.builderName);
    return (await this.account.ssm.getParameter({ Name })).Parameter?.Value ?? "";
  }

  /** The claims that are not over. */
  async lease(): Promise<Lease> {
    return liveClaims(parseLease(await this.leaseText()), Date.now() / 1_000);
  }

  writeLease(claims: Lease): Promise<void> {
    return putLease(this.account.ssm, this.connection.builderName, claims);
  }

  /** A rule as a caller's would be, of whom nothing else is known. */
  async authorize(address: string, Description: string, ToPort = 1234): Promise<void> {
    const IpRanges = [{ CidrIp: `${address}/32`, Description }];
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 1234, ToPort, IpRanges }];
    await this.account.ec2.authorizeSecurityGroupIngress({ GroupId: this.connection.securityGroupId, IpPermissions });
  }
}

/** AWS says what time it is in whole seconds. */
export function isAfter(end: number, seconds: number, before: number, after: number): void {
  const [earliest, latest] = [before / 1_000 + seconds - 2, after / 1_000 + seconds + 2];
  assert.ok(end >= earliest && end <= latest, `${end} is not from ${earliest} to ${latest}`);
}
