import { getAmiOutput } from "@pulumi/aws/ec2/getAmi";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import * as pulumi from "@pulumi/pulumi";

import { type Ec2EphemeralNode, tagNames } from "../connection";
import { lookedUp } from "../../../pulumi/mocks";
import { templateSpeed } from "../gp3";
import { defaultSubnets, subnetsOf } from "./network";
import { metadataOptions, nodeImage, type NodeParts } from "./parts";

/**
 * What each update launches a node from, for itself alone. Instances are no resources: nothing is left of them in the state,
 * and nothing has to be deleted when Pulumi is killed, because they end by themselves.
 */
export function createLaunchTemplate(
  name: string,
  parts: NodeParts,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Output<Ec2EphemeralNode> {
  const { node, around, instanceTypes, cache } = parts;
  const template = new LaunchTemplate(
    name,
    templateArguments(name, parts, opts.parent),
    // A newer release of Debian is no change of a builder.
    pulumi.mergeOptions(opts, { ignoreChanges: node.ami === undefined ? ["imageId"] : [] }),
  );
  const subnets = node.subnetIds
    ? subnetsOf(node.subnetIds, opts.parent)
    : defaultSubnets(around.vpcId, cache.availabilityZone, opts.parent);
  return pulumi.output({
    name: node.name,
    platform: node.platform,
    launchTemplateId: template.id,
    launchTemplateVersion: template.latestVersion.apply(String),
    instanceTypes,
    subnets,
    capacityType: node.capacityType,
    cacheVolume: { id: cache.id, zone: cache.availabilityZone },
  });
}

function templateArguments(name: string, { node, around, ...parts }: NodeParts, parent: pulumi.Resource) {
  const tags = { ...parts.tags, [tagNames.lifecycle]: "ephemeral" };
  const speed = templateSpeed(node.cacheVolume.throughputMebibytes);
  const imageId = nodeImage(node, parent);
  const filters = [{ name: "image-id", values: [imageId] }];
  const image = lookedUp("getAmi", getAmiOutput({ filters, includeDeprecated: true }, { parent }));
  return {
    description: `Build nodes of ${name}`,
    updateDefaultVersion: true,
    imageId,
    iamInstanceProfile: { name: parts.profile },
    userData: parts.userData.apply((text) => Buffer.from(text).toString("base64")),
    instanceInitiatedShutdownBehavior: "terminate",
    metadataOptions,
    networkInterfaces: [
      {
        deviceIndex: 0,
        associatePublicIpAddress: String(around.publicAddress),
        ipv6AddressCount: around.ipv6Address ? 1 : undefined,
        securityGroups: [around.securityGroupId],
        deleteOnTermination: "true",
      },
    ],
    blockDeviceMappings: [
      {
        deviceName: image.rootDeviceName,
        // It holds the cache, too, where the cache's own volume is not available.
        ebs: {
          volumeType: "gp3",
          volumeSize: node.rootVolumeSizeGibibytes,
          iops: speed.iops,
          throughput: speed.throughputMebibytes,
          encrypted: "true",
          deleteOnTermination: "true",
        },
      },
    ],
    tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
    tags: parts.tags,
  };
}
