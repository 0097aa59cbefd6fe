import * as net from "node:net";

import type * as pulumi from "@pulumi/pulumi";

import type { NodeAddressing, NodeSettings } from "./connection";
import { argumentError } from "../../support/errors";
import { checkNumber, checkWholeNumber } from "../../support/numbers";
import type { BuildkitReleaseArgs, Ec2Args, Ec2NodeArgs, Ec2Platform, IngressArgs } from "./arguments";
import { defaultRelease } from "./archives";
import { checkCidr } from "./cidrs";
import type { NodeLife, NormalEc2Node } from "./normalNode";
import { checkSettingsFit } from "./nodeSettings";
import { cacheVolumeOf } from "./gp3";
import { ec2Platforms, emulatorsFor, isEc2Platform } from "./platforms";

/** What is common to the nodes, with every default filled in. */
export interface NormalEc2 {
  ingress: IngressArgs;
  addressing: NodeAddressing;
  tags: Record<string, pulumi.Input<string>>;
  backstop: boolean;
  nodes: NormalEc2Node[];
}

/** @throws BuildError that names the argument. */
export function normaliseEc2(
  owner: string,
  nodes: readonly (Ec2NodeArgs & { name: string })[],
  args: Ec2Args,
  life: NodeLife,
): NormalEc2 {
  const ingress = checkIngress(owner, args.ingress ?? { from: "caller" });
  const normal = nodes.map((node) => normaliseNode(owner, node, args, life));
  normal.forEach((node) => checkSettingsFit(owner, node));
  return {
    ingress,
    addressing: args.addressing ?? (ingress.from === "vpc" ? "private" : "public"),
    tags: args.tags ?? {},
    backstop: args.backstop ?? true,
    nodes: normal,
  };
}

function normaliseNode(
  owner: string,
  node: Ec2NodeArgs & { name: string },
  args: Ec2Args,
  life: NodeLife,
): NormalEc2Node {
  const { platform } = node;
  const where = `nodes (${node.name})`;
  if (!isEc2Platform(platform)) {
    const allowed = Object.keys(ec2Platforms).join(" and ");
    throw argumentError(owner, `${where}.platform`, platform, `EC2 has machines for ${allowed}`);
  }
  checkChoices(owner, where, node, life);
  const emulators = emulatorsFor(platform, node.additionalPlatforms ?? []);
  const rootVolumeSizeGibibytes = node.rootVolumeSizeGibibytes ?? defaultRootGibibytes(life);
  return {
    ...life,
    name: node.name,
    platform,
    additionalPlatforms: node.additionalPlatforms,
    instanceTypes: node.instanceTypes ?? [node.instanceType ?? ec2Platforms[platform].instanceType],
    ami: node.ami,
    subnetIds: node.subnetIds ?? (node.subnetId === undefined ? undefined : [node.subnetId]),
    capacityType: node.capacityType ?? "on-demand",
    rootVolumeSizeGibibytes: checkNumber(owner, `${where}.rootVolumeSizeGibibytes`, rootVolumeSizeGibibytes, 8, 16_384),
    cacheVolume: cacheVolumeOf(owner, where, node),
    maxParallelism: node.maxParallelism && checkWholeNumber(owner, `${where}.maxParallelism`, node.maxParallelism, 1),
    buildkit: {
      ...archiveFor(owner, platform, args.buildkit ?? defaultRelease),
      ...(emulators.length > 0 && { emulators }),
    },
    registryMirrors: args.registryMirrors ?? {},
    insecureRegistries: args.insecureRegistries ?? [],
  };
}

// No volume is smaller than its image, and Debian 13's has 8: https://wiki.debian.org/Cloud/AmazonEC2Image/Trixie
function defaultRootGibibytes({ isEphemeral }: NodeLife): number {
  return isEphemeral ? 60 : 8;
}

/** A choice of types or subnets is for nodes that are launched anew each time. */
function checkChoices(owner: string, where: string, node: Ec2NodeArgs, { isEphemeral }: NodeLife): void {
  for (const argument of ["instanceTypes", "subnetIds", "capacityType"] as const) {
    if (node[argument] !== undefined && !isEphemeral) {
      const remedy =
        'it is for `lifecycle: "ephemeral"`, whose nodes are launched for each update; leave it out, or set that';
      throw argumentError(owner, `${where}.${argument}`, node[argument], remedy);
    }
  }
  for (const [one, several] of [
    ["instanceType", "instanceTypes"],
    ["subnetId", "subnetIds"],
  ] as const) {
    if (node[several] && (node[several].length === 0 || node[one] !== undefined)) {
      const remedy = `name at least one, in order of preference, and leave \`${one}\` out`;
      throw argumentError(owner, `${where}.${several}`, node[several], remedy);
    }
  }
  if (node.capacityType !== undefined && !["on-demand", "spot"].includes(node.capacityType)) {
    throw argumentError(owner, `${where}.capacityType`, node.capacityType, '"on-demand" and "spot" are allowed');
  }
}

function archiveFor(owner: string, platform: Ec2Platform, release: BuildkitReleaseArgs): NodeSettings["buildkit"] {
  const { version, archives } = release;
  const archive = archives[platform];
  if (!archive) {
    const remedy = `a node serves ${platform}: give the \`url\` and \`sha256\` of its archive`;
    throw argumentError(owner, `ec2.buildkit.archives["${platform}"]`, archive, remedy);
  }
  if (!/^[0-9a-f]{64}$/.test(archive.sha256)) {
    const remedy = "the SHA-256 of the archive, as 64 characters 0-9 and a-f, is allowed";
    throw argumentError(owner, `ec2.buildkit.archives["${platform}"].sha256`, archive.sha256, remedy);
  }
  if (!/^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(version)) {
    throw argumentError(owner, "ec2.buildkit.version", version, "a version such as 0.33.1 is allowed");
  }
  return { version, ...archive };
}

function checkIngress(owner: string, ingress: IngressArgs): IngressArgs {
  switch (ingress.from) {
    case "caller":
      if (typeof ingress.address === "string" && net.isIP(ingress.address) === 0) {
        throw argumentError(owner, "ec2.ingress.address", ingress.address, "one IPv4 or IPv6 address is allowed");
      }
      return ingress;
    case "cidrs":
      ingress.cidrs.forEach((cidr) => checkCidr(owner, cidr));
      if (ingress.cidrs.length === 0) {
        throw argumentError(
          owner,
          "ec2.ingress.cidrs",
          ingress.cidrs,
          "name at least one, for instance 203.0.113.0/24",
        );
      }
      return ingress;
    case "vpc":
      return ingress;
    default: {
      const { from } = ingress as { from: unknown };
      throw argumentError(owner, "ec2.ingress.from", from, '"caller", "cidrs" and "vpc" are allowed');
    }
  }
}
