import { getInstanceTypeOfferingsOutput } from "@pulumi/aws/ec2/getInstanceTypeOfferings";
import { getSubnetOutput, type GetSubnetResult } from "@pulumi/aws/ec2/getSubnet";
import { getSubnetsOutput, type GetSubnetsResult } from "@pulumi/aws/ec2/getSubnets";
import { getVpcOutput } from "@pulumi/aws/ec2/getVpc";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "@pulumi/pulumi";

import { buildkitPort } from "../../daemonAddress";
import { lookedUp } from "../../../pulumi/mocks";
import { PlainResourceError } from "../../../pulumi/resourceError";
import type { IngressArgs } from "../arguments";
import { ruleHooks } from "./ruleHooks";

/** The VPC of a subnet, or the region's default one. */
export function findVpc(
  subnetId: pulumi.Input<string> | undefined,
  parent: pulumi.Resource,
): { id: pulumi.Output<string>; cidr: pulumi.Output<string> } {
  const wanted = subnetId === undefined ? { default: true } : { id: findSubnet(subnetId, parent).vpcId };
  const vpc = lookedUp("getVpc", getVpcOutput(wanted, { parent }));
  return { id: vpc.id, cidr: vpc.cidrBlock };
}

/** The zone of a subnet. */
export function zoneOfSubnet(subnetId: pulumi.Input<string>, parent: pulumi.Resource): pulumi.Output<string> {
  return findSubnet(subnetId, parent).availabilityZone;
}

function findSubnet(id: pulumi.Input<string>, parent: pulumi.Resource): pulumi.Output<GetSubnetResult> {
  return lookedUp("getSubnet", getSubnetOutput({ id }, { parent }));
}

/**
 * The first Availability Zone that offers the type, in the order of their names, so that the answer does not depend on
 * AWS's order. AWS lists the Local and Wavelength Zones of the account beside them (`us-west-2-lax-1a` sorts before
 * `us-west-2a`), where there is no default subnet: https://github.com/aws/karpenter-provider-aws/issues/6183
 */
export function firstZone(instanceType: pulumi.Input<string>, parent: pulumi.Resource): pulumi.Output<string> {
  const filters = [{ name: "instance-type", values: [instanceType] }];
  const answer = getInstanceTypeOfferingsOutput({ locationType: "availability-zone", filters }, { parent });
  const offerings = lookedUp("getInstanceTypeOfferings", answer);
  return pulumi.all([offerings.locations, offerings.region, instanceType]).apply(([locations, region, type]) => {
    const isAvailabilityZone = new RegExp(`^${region}[a-z]$`);
    const [first] = locations.filter((location) => isAvailabilityZone.test(location)).sort();
    if (first === undefined) {
      throw notOffered(type, region, parent);
    }
    return first;
  });
}

/** Where a region does not have an instance type, or only in Local Zones. */
export function notOffered(type: string, region: string, parent: pulumi.Resource): PlainResourceError {
  const fix = "choose another `instanceType`, or another region of the aws provider";
  return new PlainResourceError(`\`instanceType\` is ${type}: no zone of ${region} offers it; ${fix}`, parent);
}

/** The default VPC's own subnet in a zone. */
export function defaultSubnet(
  vpcId: pulumi.Input<string>,
  zone: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const filters = [
    { name: "vpc-id", values: [vpcId] },
    { name: "availability-zone", values: [zone] },
    { name: "default-for-az", values: ["true"] },
  ];
  const subnets = findSubnets(filters, parent);
  return pulumi.all([subnets.ids, vpcId, zone]).apply(([ids, vpc, where]) => {
    const [first] = [...ids].sort();
    if (first === undefined) {
      const found = `the default VPC ${vpc} has no default subnet in ${where}, where the node's cache is`;
      throw new PlainResourceError(`${found}: give the node a \`subnetId\``, parent);
    }
    return first;
  });
}

function findSubnets(
  filters: { name: string; values: pulumi.Input<string>[] }[],
  parent: pulumi.Resource,
): pulumi.Output<GetSubnetsResult> {
  return lookedUp("getSubnets", getSubnetsOutput({ filters }, { parent }));
}

/** Subnets with their zones, in their order. */
export function subnetsOf(
  subnetIds: readonly pulumi.Input<string>[],
  parent: pulumi.Resource,
): pulumi.Output<{ id: string; zone: string }[]> {
  return pulumi.all(subnetIds.map((id) => pulumi.output({ id, zone: zoneOfSubnet(id, parent) })));
}

/** The default VPC's own subnets, that in the cache's zone first. */
export function defaultSubnets(
  vpcId: pulumi.Input<string>,
  cacheZone: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<{ id: string; zone: string }[]> {
  const filters = [
    { name: "vpc-id", values: [vpcId] },
    { name: "default-for-az", values: ["true"] },
  ];
  const found = findSubnets(filters, parent).ids.apply((ids) => subnetsOf(ids, parent));
  return pulumi.all([found, cacheZone]).apply(([subnets, first]) => {
    const rank = ({ zone }: { zone: string }) => (zone === first ? "" : zone);
    return [...subnets].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
  });
}

/** The nodes' security group: out, everything, as builds fetch from anywhere; in, what `ingress` says and nothing else. */
export function createSecurityGroup(
  name: string,
  args: {
    vpc: { id: pulumi.Input<string>; cidr: pulumi.Input<string> };
    ingress: IngressArgs;
    tags: Record<string, pulumi.Input<string>>;
  },
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): SecurityGroup {
  const { vpc, ingress, tags } = args;
  const description = "Build nodes: mTLS from callers of the builder, nothing else";
  // No inline rules: Pulumi would remove, as drift, the rules that hooks add.
  const group = new SecurityGroup(name, { vpcId: vpc.id, description, tags }, opts);
  for (const [family, cidr] of Object.entries({ ipv4: { cidrIpv4: "0.0.0.0/0" }, ipv6: { cidrIpv6: "::/0" } })) {
    new SecurityGroupEgressRule(
      `${name}-out-${family}`,
      { securityGroupId: group.id, ipProtocol: "-1", ...cidr, tags },
      pulumi.mergeOptions(opts, { hooks: ruleHooks(`${name}-out-${family}`, "egress", opts.parent) }),
    );
  }
  for (const [source, cidr] of Object.entries(standingSources(ingress, vpc.cidr))) {
    new SecurityGroupIngressRule(
      `${name}-in-${source}`,
      { securityGroupId: group.id, ipProtocol: "tcp", fromPort: buildkitPort, toPort: buildkitPort, ...cidr, tags },
      pulumi.mergeOptions(opts, { hooks: ruleHooks(`${name}-in-${source}`, "ingress", opts.parent) }),
    );
  }
  return group;
}

function standingSources(
  ingress: IngressArgs,
  vpcCidr: pulumi.Input<string>,
): Record<string, { cidrIpv4?: pulumi.Input<string>; cidrIpv6?: pulumi.Input<string> }> {
  switch (ingress.from) {
    case "caller":
      return {};
    case "cidrs":
      return Object.fromEntries(
        ingress.cidrs.map((cidr) => [cidr, cidr.includes(":") ? { cidrIpv6: cidr } : { cidrIpv4: cidr }]),
      );
    case "vpc":
      return { vpc: { cidrIpv4: vpcCidr } };
    default:
      return ingress satisfies never;
  }
}
