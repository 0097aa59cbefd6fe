import * as assert from "node:assert/strict";

import {
  AssociateSubnetCidrBlockCommand,
  AssociateVpcCidrBlockCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";

import type { Account } from "../cloud/account";
import type { Stack } from "../main/stack";

/**
 * What a command of Pulumi did to which resources of AWS, sorted: `updated Instance`. `replaced` stands for all three of its
 * steps.
 */
export function changedResources(output: string): string[] {
  const line =
    /^ *[+~-]* *(?:aws:[\w:/-]*?|pulumi:providers:)(\w+) +\S+ +(created|updated|deleted|replaced)(?! (?:replacement|original))\b/gm;
  return [...output.matchAll(line)].map(([, type, done]) => `${done} ${type}`).sort();
}

/** By which `--replace` names a resource of a stack. */
export function urnOf(stack: Stack, type: string, name: string): string {
  const [, urn] = new RegExp(`"(urn:pulumi:[^"]*${type}::${name})"`).exec(stack.stateText()) ?? [];
  assert.ok(urn, `${type} ${name}`);
  return urn;
}

/** What stands for all of a builder's group, and for all of its certificates. */
export function groupAndCertificates(stack: Stack, builder: string): string[] {
  const group = urnOf(stack, "aws:ec2/securityGroup:SecurityGroup", builder);
  return [group, urnOf(stack, "pulumi:index:Stash", `${builder}-certificates`)];
}

/** Gives the default VPC and its subnets IPv6 networks. */
export async function giveIpv6({ ec2 }: Account): Promise<void> {
  const { Vpcs: [vpc] = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const request = { VpcId: vpc.VpcId, AmazonProvidedIpv6CidrBlock: true };
  const { Ipv6CidrBlockAssociation } = await ec2.send(new AssociateVpcCidrBlockCommand(request));
  const range = Ipv6CidrBlockAssociation?.Ipv6CidrBlock ?? "";
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  for (const [at, { SubnetId }] of Subnets.entries()) {
    const Ipv6CidrBlock = range.replace(/00::\/56$/, `0${at}::/64`);
    await ec2.send(new AssociateSubnetCidrBlockCommand({ SubnetId, Ipv6CidrBlock }));
  }
}
