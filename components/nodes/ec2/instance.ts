import { Instance } from "@pulumi/aws/ec2/instance";
import { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment";
import * as pulumi from "@pulumi/pulumi";

import { launchErrorHooks } from "./launchErrors";
import { defaultSubnet } from "./network";
import { metadataOptions, nodeImage, type NodeParts } from "./parts";

/** A node's own instance, with its cache attached: it is stopped and started, and stays. Says its id. */
export function createInstance(
  name: string,
  { node, around, instanceTypes, cache, profile, userData, tags }: NodeParts,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Output<string> {
  // A later library's user data, and an address that a stopped instance does not have, are no reason to touch a node:
  // https://github.com/hashicorp/terraform-provider-aws/issues/33775
  const ignored = ["userData", "associatePublicIpAddress", ...(node.ami === undefined ? ["ami"] : [])];
  const instance = new Instance(
    name,
    {
      ami: nodeImage(node, opts.parent),
      instanceType: instanceTypes[0],
      // The instance goes where its cache is.
      subnetId: node.subnetIds?.[0] ?? defaultSubnet(around.vpcId, cache.availabilityZone, opts.parent),
      vpcSecurityGroupIds: [around.securityGroupId],
      associatePublicIpAddress: around.publicAddress,
      ipv6AddressCount: around.ipv6Address ? 1 : undefined,
      iamInstanceProfile: profile,
      userData,
      instanceInitiatedShutdownBehavior: "stop",
      metadataOptions,
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: node.rootVolumeSizeGibibytes,
        encrypted: true,
        deleteOnTermination: true,
      },
      // Given at the launch, where tags of `rootBlockDevice` come after it, and whoever may do that may tag any volume.
      // They count for all volumes of the instance: the cache has the same.
      volumeTags: tags,
      tags,
    },
    pulumi.mergeOptions(opts, {
      ignoreChanges: ignored,
      hooks: launchErrorHooks(name, node, cache.availabilityZone, opts.parent),
    }),
  );
  new VolumeAttachment(
    `${name}-cache`,
    {
      instanceId: instance.id,
      volumeId: cache.id,
      deviceName: "/dev/sdf",
      // A volume that is mounted does not let go: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-detaching-volume.html
      stopInstanceBeforeDetaching: true,
    },
    // A volume is attached once, so it leaves the old instance before it goes to the new one.
    pulumi.mergeOptions(opts, { deleteBeforeReplace: true }),
  );
  return instance.id;
}
