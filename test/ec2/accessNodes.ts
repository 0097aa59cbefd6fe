import { type Ec2Connection, parameterNames, tagNames } from "../../components/nodes/ec2/connection";
import { waitFor } from "../main/stack";
import { type AccessAccount, makeBuilder } from "./accessAccount";

const platform = "linux/amd64";
const type = "c7a.xlarge";

/** A builder with one node, whose machine has no body, but ends as a node's program ends it. */
export async function makeBuilderWithNode(
  account: AccessAccount,
  builderName: string,
  lifecycle: "kept" | "ephemeral",
): Promise<Ec2Connection> {
  const { ec2, ssm, cloud, authority } = account;
  const connection = await makeBuilder(account, builderName, "203.0.113.7");
  const isEphemeral = lifecycle === "ephemeral";
  const settings = { isEphemeral, idleTimeoutMinutes: 1, maxLifetimeMinutes: 720 };
  const Name = parameterNames.settings(builderName, "amd64");
  await ssm.putParameter({ Name, Type: "String", Value: JSON.stringify(settings) });
  const client = await authority.issueClient();
  const tls = { ca: authority.certificate, cert: client.certificate, key: client.key };
  const ImageId = cloud.images.find(({ architecture }) => architecture === "x86_64")?.id;
  const Tags = [
    { Key: tagNames.builder, Value: builderName },
    { Key: tagNames.node, Value: "amd64" },
  ];
  const TagSpecifications = [{ ResourceType: "instance" as const, Tags }];
  if (!isEphemeral) {
    const { Instances } = await ec2.runInstances({
      ImageId,
      InstanceType: type,
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications,
    });
    const instanceId = Instances?.[0]?.InstanceId ?? "";
    const stateOf = async () => (await cloud.instances()).find(({ id }) => id === instanceId)?.state;
    // Nobody claims it: its program stops it, as it does with a new node without a build.
    await waitFor(`${instanceId} to stop`, async () => (await stateOf()) === "stopped", 60);
    return { ...connection, tls, nodes: [{ name: "amd64", platform, instanceId }] };
  }
  const { Subnets } = await ec2.describeSubnets({ Filters: [{ Name: "availability-zone", Values: ["us-east-1a"] }] });
  const subnet = { id: Subnets?.[0]?.SubnetId ?? "", zone: "us-east-1a" };
  const { VolumeId } = await ec2.createVolume({ AvailabilityZone: subnet.zone, Size: 10, VolumeType: "gp3" });
  const { LaunchTemplate } = await ec2.createLaunchTemplate({
    LaunchTemplateName: builderName,
    LaunchTemplateData: {
      ImageId,
      InstanceInitiatedShutdownBehavior: "terminate",
      NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [connection.securityGroupId] }],
      TagSpecifications: [
        { ResourceType: "instance", Tags: [...Tags, { Key: tagNames.lifecycle, Value: "ephemeral" }] },
      ],
    },
  });
  const node = {
    name: "amd64",
    platform,
    launchTemplateId: LaunchTemplate?.LaunchTemplateId ?? "",
    launchTemplateVersion: "1",
    instanceTypes: [type],
    subnets: [subnet],
    capacityType: "on-demand",
    cacheVolume: { id: VolumeId ?? "", zone: subnet.zone },
  } as const;
  return {
    ...connection,
    tls,
    ephemeralNodes: [{ ...node, instanceTypes: [...node.instanceTypes], subnets: [...node.subnets] }],
  };
}
