import { Instance } from "@pulumi/aws/ec2/instance";
import { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment";
import * as pulumi from "@pulumi/pulumi";

import { launchHooks } from "./launchHooks";
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
  const ignored = ["userData", "associatePublicIpAddress", "volumeTags", ...(node.ami === undefined ? ["ami"] : [])];
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
      // Given at the launch. Tags of `rootBlockDevice` come after it by a call of their own: whoever may make that may take
      // any volume that has no tag. Later these are left alone, because the provider compares and changes them for all volumes
      // together, so also for the cache, which has its own, and without those that equal its default tags:
      // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_instance.go (volume_tags)
      volumeTags: tags,
      tags,
    },
    pulumi.mergeOptions(opts, {
      ignoreChanges: ignored,
      // In place the provider changes the network interface. That has no tag of ours, so a policy for it would be one for
      // every interface of the account.
      replaceOnChanges: ["ipv6AddressCount", "vpcSecurityGroupIds"],
      hooks: launchHooks(name, node, cache.availabilityZone, opts.parent),
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
