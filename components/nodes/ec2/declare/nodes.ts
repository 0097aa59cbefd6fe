import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import * as pulumi from "@pulumi/pulumi";

import { type Ec2Connection, type Ingress, parameterNames, tagNames } from "../connection";
import { nodeServerName } from "../../daemonAddress";
import { createAuthority, issueLeaf, type Leaf } from "./authority";
import { lookedUp } from "../../../pulumi/mocks";
import type { IngressArgs } from "../arguments";
import { createSecurityGroup, findVpc } from "./network";
import { createNode } from "./node";
import type { NormalEc2 } from "../normalise";
import { parameterTier } from "./parts";

/** The EC2 nodes of one builder, declared: all their resources. Says how they are reached, as a secret. */
export function createEc2Nodes(
  component: pulumi.ComponentResource,
  name: string,
  args: NormalEc2 & { builderName: pulumi.Output<string>; wakeTimeoutSeconds: number },
): pulumi.Output<Ec2Connection> {
  const opts = { parent: component };
  const { builderName } = args;
  const tags = { ...args.tags, Name: name, [tagNames.builder]: builderName };
  const account = lookedUp("getCallerIdentity", getCallerIdentityOutput({}, opts));
  const { region } = lookedUp("getRegion", getRegionOutput({}, opts));
  const parameterArn = (parameter: string) =>
    pulumi.interpolate`arn:${account.arn.apply(partitionOf)}:ssm:${region}:${account.accountId}:parameter${parameter}`;

  const stopAction = pulumi.interpolate`arn:${account.arn.apply(partitionOf)}:automate:${region}:ec2:stop`;
  const vpc = findVpc(args.nodes[0].subnetIds?.[0], component);
  const securityGroup = createSecurityGroup(name, { vpc, ingress: args.ingress, tags }, opts);
  const authority = createAuthority(name, opts);
  const client = issueLeaf(`${name}-client`, authority, { for: "client_auth" }, opts);
  createLease(name, builderName, tags, opts);
  const nodes = args.nodes.map((node) => {
    const nodeName = `${name}-${node.name}`;
    const certificate = issueLeaf(nodeName, authority, { for: "server_auth", dnsName: nodeServerName }, opts);
    const surroundings = {
      builderName,
      parameterArn,
      vpcId: vpc.id,
      securityGroupId: securityGroup.id,
      publicAddress: args.addressing === "public",
      ipv6Address: args.addressing === "ipv6",
      authorityCert: authority.certs,
      stopAction: args.backstop ? stopAction : undefined,
      tags: args.tags,
    };
    return createNode(nodeName, node, certificate, surroundings, opts);
  });
  const connection = pulumi.secret({
    builderName,
    accountId: account.accountId,
    region,
    vpcCidr: vpc.cidr,
    securityGroupId: securityGroup.id,
    ingress: plainIngress(args.ingress),
    addressing: args.addressing,
    wakeTimeoutSeconds: args.wakeTimeoutSeconds,
    tls: clientTls(authority.certs, client),
    nodes: nodes.flatMap((node) => ("kept" in node ? [node.kept] : [])),
    ephemeralNodes: nodes.flatMap((node) => ("ephemeral" in node ? [node.ephemeral] : [])),
  });
  publish(name, connection, tags, opts);
  return connection;
}

/** What the nodes' users write themselves, so its value is no drift. */
function createLease(
  name: string,
  builderName: pulumi.Output<string>,
  tags: Record<string, pulumi.Input<string>>,
  opts: pulumi.CustomResourceOptions,
): void {
  new Parameter(
    `${name}-lease`,
    { name: builderName.apply(parameterNames.lease), type: "String", value: "{}", tags },
    pulumi.mergeOptions(opts, { ignoreChanges: ["value", "insecureValue"] }),
  );
}

/** For the CLI, which knows no more than the builder's name. */
function publish(
  name: string,
  connection: pulumi.Output<Ec2Connection>,
  tags: Record<string, pulumi.Input<string>>,
  opts: pulumi.CustomResourceOptions,
): void {
  new Parameter(
    `${name}-connection`,
    {
      name: pulumi.unsecret(connection.builderName.apply(parameterNames.connection)),
      type: "SecureString",
      value: pulumi.jsonStringify(connection),
      tier: parameterTier,
      tags,
    },
    opts,
  );
}

function clientTls(ca: pulumi.Output<string>, { cert, key }: Leaf) {
  return { ca, cert, key, serverName: nodeServerName };
}

function plainIngress(ingress: IngressArgs): pulumi.Input<Ingress> {
  switch (ingress.from) {
    case "caller":
      return pulumi.output(ingress.address).apply((address) => ({ from: "caller", address }) satisfies Ingress);
    case "cidrs":
      return { from: "cidrs", cidrs: [...ingress.cidrs] };
    case "vpc":
      return { from: "vpc" };
    default:
      return ingress satisfies never;
  }
}

/** `aws`, `aws-cn`, `aws-us-gov`: the second part of every ARN. */
function partitionOf(arn: string): string {
  return arn.split(":")[1];
}
