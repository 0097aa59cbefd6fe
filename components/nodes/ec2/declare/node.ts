import { Volume } from "@pulumi/aws/ebs/volume";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import * as pulumi from "@pulumi/pulumi";

import { type Ec2ConnectionNode, type Ec2EphemeralNode, parameterNames, tagNames } from "../connection";
import { nodeRoleName } from "../roleName";
import { asResourceError } from "../../../pulumi/resourceError";
import type { Leaf } from "./authority";
import { createBackstop } from "./backstop";
import { createInstance } from "./instance";
import { createLaunchTemplate } from "./launchTemplate";
import { checkedInstanceType } from "./instanceType";
import { firstZone, zoneOfSubnet } from "./network";
import type { NormalEc2Node } from "../normalNode";
import { nodeSettings } from "../nodeSettings";
import { type Ec2NodeSurroundings, type NodeParts, parameterTier } from "./parts";
import { createInstanceProfile } from "./role";
import { userData } from "./userData";

/** One node's resources. Says how it is got: as an instance that is there, or as one that each update launches. */
export function createNode(
  name: string,
  node: NormalEc2Node,
  certificate: Leaf,
  around: Ec2NodeSurroundings,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): { kept: pulumi.Output<Ec2ConnectionNode> } | { ephemeral: pulumi.Output<Ec2EphemeralNode> } {
  const tags = {
    ...around.tags,
    Name: name,
    [tagNames.builder]: around.builderName,
    [tagNames.node]: node.name,
    [tagNames.platform]: node.platform,
  };
  const names = around.builderName.apply((builder) => ({
    settings: parameterNames.settings(builder, node.name),
    tls: parameterNames.tls(builder, node.name),
    lease: parameterNames.lease(builder),
  }));
  const parameterArns = names.apply((each) => pulumi.all(Object.values(each).map(around.parameterArn)));
  const physicalName = around.builderName.apply((builder) =>
    asResourceError(opts.parent, () => nodeRoleName(builder, node.name)),
  );
  const profile = createInstanceProfile(name, { physicalName, parameterArns, tags }, opts);
  const parts = {
    node,
    around,
    instanceTypes: node.instanceTypes.map((type) => checkedInstanceType(node, type, opts.parent)),
    cache: createCacheVolume(name, node, tags, opts),
    profile: profile.name,
    userData: names.apply(userData),
    tags,
  };
  const made = node.isEphemeral
    ? { ephemeral: createLaunchTemplate(name, parts, opts) }
    : { kept: keptNode(node, watchedInstance(name, parts, opts)) };
  const settings = pulumi.jsonStringify(parts.cache.id.apply((volumeId) => nodeSettings(node, volumeId)));
  new Parameter(
    `${name}-settings`,
    { name: names.settings, type: "String", value: settings, tier: parameterTier, tags },
    opts,
  );
  const tls = pulumi.jsonStringify({ ca: around.authorityCert, cert: certificate.cert, key: certificate.key });
  new Parameter(`${name}-tls`, { name: names.tls, type: "SecureString", value: tls, tier: parameterTier, tags }, opts);
  return made;
}

function watchedInstance(
  name: string,
  parts: NodeParts,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Output<string> {
  const { node, around, tags } = parts;
  const instanceId = createInstance(name, parts, opts);
  if (around.stopAction) {
    createBackstop(name, node, { builderName: around.builderName, instanceId, action: around.stopAction, tags }, opts);
  }
  return instanceId;
}

function keptNode(
  { name, platform, additionalPlatforms }: NormalEc2Node,
  instanceId: pulumi.Output<string>,
): pulumi.Output<Ec2ConnectionNode> {
  return pulumi.output({ name, platform, ...(additionalPlatforms && { additionalPlatforms }), instanceId });
}

function createCacheVolume(
  name: string,
  node: NormalEc2Node,
  tags: Record<string, pulumi.Input<string>>,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Volume {
  const [subnetId] = node.subnetIds ?? [];
  return new Volume(
    `${name}-cache`,
    {
      availabilityZone:
        subnetId === undefined ? firstZone(node.instanceTypes[0], opts.parent) : zoneOfSubnet(subnetId, opts.parent),
      type: "gp3",
      encrypted: true,
      size: node.cacheVolume.sizeGibibytes,
      iops: node.cacheVolume.iops,
      throughput: node.cacheVolume.throughputMebibytes,
      tags,
    },
    // A zone that was looked up stays: another answer would throw the cache away.
    pulumi.mergeOptions(opts, { ignoreChanges: subnetId === undefined ? ["availabilityZone"] : [] }),
  );
}
