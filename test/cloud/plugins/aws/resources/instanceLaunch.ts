import { randomUUID } from "node:crypto";

import { DescribeImagesCommand, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";

import type { Aws } from "../client";
import { tagSpecifications } from "../tags";
import type { Instance } from "./instance";

/** Of an image: `findRootDeviceName`. */
export async function findRootDeviceName({ ec2 }: Aws, ami: string | undefined): Promise<string> {
  const { Images: [image] = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: ami ? [ami] : [] }));
  return image?.RootDeviceName ?? "/dev/xvda";
}

/** ec2_instance.go, `resourceInstanceCreate` and `buildInstanceOpts`. */
export function runInput(planned: Instance, { defaultTags }: Aws, rootDeviceName?: string): RunInstancesCommandInput {
  const { metadataOptions: metadata, rootBlockDevice: root, associatePublicIpAddress, subnetId } = planned;
  // A public address on request needs the network interface spelled out, which then holds what belongs to it.
  const network = {
    SubnetId: subnetId,
    PrivateIpAddress: planned.privateIp,
    Ipv6AddressCount: planned.ipv6AddressCount,
  };
  const groups = planned.vpcSecurityGroupIds;
  const place =
    associatePublicIpAddress === undefined
      ? { ...network, SecurityGroupIds: groups }
      : {
          NetworkInterfaces: [
            { ...network, DeviceIndex: 0, AssociatePublicIpAddress: associatePublicIpAddress, Groups: groups },
          ],
        };
  return {
    ...place,
    ClientToken: randomUUID(),
    MinCount: 1,
    MaxCount: 1,
    ImageId: planned.ami,
    InstanceType: planned.instanceType as RunInstancesCommandInput["InstanceType"],
    Placement: planned.availabilityZone === undefined ? undefined : { AvailabilityZone: planned.availabilityZone },
    UserData: planned.userData === undefined ? undefined : Buffer.from(planned.userData).toString("base64"),
    IamInstanceProfile: planned.iamInstanceProfile === undefined ? undefined : { Name: planned.iamInstanceProfile },
    InstanceInitiatedShutdownBehavior:
      planned.instanceInitiatedShutdownBehavior as RunInstancesCommandInput["InstanceInitiatedShutdownBehavior"],
    MetadataOptions: metadata && {
      HttpEndpoint: metadata.httpEndpoint as "enabled",
      HttpProtocolIpv6: metadata.httpProtocolIpv6 as "enabled",
      HttpPutResponseHopLimit: metadata.httpPutResponseHopLimit,
      HttpTokens: metadata.httpTokens as "required",
      InstanceMetadataTags: metadata.instanceMetadataTags as "enabled",
    },
    BlockDeviceMappings: root && [
      {
        DeviceName: rootDeviceName,
        Ebs: {
          DeleteOnTermination: root.deleteOnTermination,
          Encrypted: root.encrypted,
          Iops: root.iops,
          KmsKeyId: root.kmsKeyId,
          Throughput: root.throughput,
          VolumeSize: root.volumeSize,
          VolumeType: root.volumeType as "gp3",
        },
      },
    ],
    TagSpecifications: [
      ...(tagSpecifications("instance", planned) ?? []),
      // Default tags go to volumes, too, whether the program gives tags or not.
      ...(tagSpecifications("volume", { tagsAll: { ...defaultTags, ...planned.volumeTags } }) ?? []),
    ],
  };
}
