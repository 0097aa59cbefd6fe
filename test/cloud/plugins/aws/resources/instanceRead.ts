import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceTypesCommand,
  DescribeTagsCommand,
  type InstanceAttributeName,
} from "@aws-sdk/client-ec2";

import type { Properties } from "../../protocol/values";
import type { Aws } from "../client";
import { during } from "../errors";
import { fromTagList } from "../tags";
import type { Instance } from "./instance";
import { findInstance } from "./instanceCalls";
import { readBlockDevices, readVolumeTags } from "./instanceVolumes";

/** ec2_instance.go, `resourceInstanceRead`. */
export async function readInstance(id: string, state: Properties, aws: Aws): Promise<Properties | undefined> {
  const instance = await findInstance(aws, id).catch(during(`reading EC2 Instance (${id})`));
  if (!instance) return undefined;
  const [primary] = instance.NetworkInterfaces ?? [];
  const metadata = instance.MetadataOptions;
  await lookAround(aws, id, instance.InstanceType).catch(during(`reading EC2 Instance (${id})`));
  return {
    ami: instance.ImageId,
    arn: `arn:aws:ec2:${aws.region}:${aws.accountId}:instance/${id}`,
    // False while it is stopped, whatever the program asked for: an update after a refresh would replace the instance.
    associatePublicIpAddress: instance.PublicIpAddress !== undefined,
    availabilityZone: instance.Placement?.AvailabilityZone,
    iamInstanceProfile: instance.IamInstanceProfile?.Arn?.split("/").pop() ?? "",
    instanceInitiatedShutdownBehavior: await shutdownBehavior(aws, id),
    instanceState: instance.State?.Name,
    instanceType: instance.InstanceType,
    ipv6AddressCount: primary?.Ipv6Addresses?.length ?? 0,
    ipv6Addresses: (primary?.Ipv6Addresses ?? []).map(({ Ipv6Address }) => Ipv6Address),
    keyName: instance.KeyName ?? "",
    metadataOptions: {
      httpEndpoint: metadata?.HttpEndpoint,
      httpProtocolIpv6: metadata?.HttpProtocolIpv6 ?? "disabled",
      httpPutResponseHopLimit: metadata?.HttpPutResponseHopLimit,
      httpTokens: metadata?.HttpTokens,
      instanceMetadataTags: metadata?.InstanceMetadataTags ?? "disabled",
    },
    primaryNetworkInterfaceId: primary?.NetworkInterfaceId ?? "",
    privateDns: instance.PrivateDnsName ?? "",
    privateIp: instance.PrivateIpAddress ?? "",
    publicDns: instance.PublicDnsName ?? "",
    publicIp: instance.PublicIpAddress ?? "",
    ...(await readBlockDevices(aws, instance, state)),
    sourceDestCheck: instance.SourceDestCheck ?? true,
    subnetId: primary?.SubnetId ?? instance.SubnetId,
    tagsAll: fromTagList(instance.Tags),
    userData: (await userData(aws, id)) ?? state.userData,
    // Only of an instance that has some.
    volumeTags: state.volumeTags && (await readVolumeTags(aws, id)),
    // EC2 gives the interface's groups at the instance, too; moto does not.
    vpcSecurityGroupIds: (primary?.Groups ?? instance.SecurityGroups ?? []).map(({ GroupId }) => GroupId),
  };
}

async function userData({ ec2 }: Aws, id: string): Promise<string | undefined> {
  const { UserData } = await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "userData" }));
  return UserData?.Value === undefined ? undefined : Buffer.from(UserData.Value, "base64").toString();
}

async function shutdownBehavior({ ec2 }: Aws, id: string): Promise<string | undefined> {
  const { InstanceInitiatedShutdownBehavior: behavior } = await ec2.send(
    new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute: "instanceInitiatedShutdownBehavior" }),
  );
  return behavior?.Value;
}

/** What the provider asks besides, for attributes that the stand-in does not have. */
async function lookAround({ ec2 }: Aws, id: string, type: Instance["instanceType"]): Promise<void> {
  await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: type === undefined ? [] : [type as "c8g.large"] }));
  // findInstanceLaunchTemplateID
  const Filters = [
    { Name: "resource-id", Values: [id] },
    { Name: "key", Values: ["aws:ec2launchtemplate:id"] },
  ];
  await ec2.send(new DescribeTagsCommand({ Filters }));
  for (const Attribute of ["disableApiStop", "disableApiTermination"] satisfies InstanceAttributeName[]) {
    await ec2.send(new DescribeInstanceAttributeCommand({ InstanceId: id, Attribute }));
  }
}
