import { Volume } from "@pulumi/aws/ebs/volume";
import { getInstanceTypeOutput } from "@pulumi/aws/ec2/getInstanceType";
import { Instance } from "@pulumi/aws/ec2/instance";
import { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment";
import { getParameterOutput } from "@pulumi/aws/ssm/getParameter";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import * as pulumi from "@pulumi/pulumi";

import { type NodeSettings, parameterNames, tagNames } from "../../ec2/connection";
import { PlainResourceError } from "../../resourceError";
import type { Leaf } from "./authority";
import { buildkitdToml } from "./buildkitdToml";
import { defaultSubnet, firstZone, zoneOfSubnet } from "./network";
import type { NormalEc2Node } from "./normalise";
import { ec2Platforms } from "./platforms";
import { createInstanceProfile } from "./role";
import { userData } from "./userData";

/** What a node has in common with its builder's others. */
export interface Ec2NodeSurroundings {
  builderName: pulumi.Output<string>;
  /** Of a parameter, by its name. */
  parameterArn: (name: string) => pulumi.Output<string>;
  vpcId: pulumi.Output<string>;
  securityGroupId: pulumi.Output<string>;
  publicAddress: boolean;
  ipv6Address: boolean;
  authorityCert: pulumi.Output<string>;
  tags: Record<string, pulumi.Input<string>>;
}

/** One node's resources. Says its instance's id. */
export function createNode(
  name: string,
  node: NormalEc2Node,
  certificate: Leaf,
  around: Ec2NodeSurroundings,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): pulumi.Output<string> {
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
  const profile = createInstanceProfile(name, { parameterArns, tags }, opts);
  const instanceType = checkedInstanceType(node, opts.parent);
  const volume = createCacheVolume(name, node, tags, opts);
  const instance = createInstance(
    name,
    { node, instanceType, zone: volume.availabilityZone, profile: profile.name, userData: names.apply(userData), tags },
    around,
    opts,
  );
  attach(name, instance, volume, opts);
  const settings = pulumi.jsonStringify(volume.id.apply((volumeId) => nodeSettings(node, volumeId)));
  new Parameter(`${name}-settings`, { name: names.settings, type: "String", value: settings, tags }, opts);
  const tls = pulumi.jsonStringify({ ca: around.authorityCert, cert: certificate.cert, key: certificate.key });
  new Parameter(`${name}-tls`, { name: names.tls, type: "SecureString", value: tls, tags }, opts);
  return instance.id;
}

/** What the node reads of its arguments, as plain values. */
export function nodeSettings(node: NormalEc2Node, volumeId: string): NodeSettings {
  return {
    volumeId,
    idleTimeoutMinutes: node.idleTimeoutMinutes,
    maxLifetimeMinutes: node.maxLifetimeMinutes,
    buildkit: node.buildkit,
    buildkitdToml: buildkitdToml(node),
  };
}

function checkedInstanceType(node: NormalEc2Node, parent: pulumi.Resource): pulumi.Output<string> {
  const { architecture } = ec2Platforms[node.platform];
  return pulumi
    .all([node.instanceType, getInstanceTypeOutput({ instanceType: node.instanceType }, { parent })])
    .apply(([instanceType, { supportedArchitectures }]) => {
      if (!supportedArchitectures.includes(architecture)) {
        const fix = `for instance ${ec2Platforms[node.platform].instanceType}`;
        throw new PlainResourceError(
          `node ${node.name}: \`instanceType\` is ${instanceType}, whose architecture is ${supportedArchitectures.join(", ")}: ` +
            `${node.platform} needs a type of ${architecture}, ${fix}`,
          parent,
        );
      }
      return instanceType;
    });
}

function createCacheVolume(
  name: string,
  node: NormalEc2Node,
  tags: Record<string, pulumi.Input<string>>,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Volume {
  const { subnetId } = node;
  return new Volume(
    `${name}-cache`,
    {
      availabilityZone:
        subnetId === undefined ? firstZone(node.instanceType, opts.parent) : zoneOfSubnet(subnetId, opts.parent),
      type: "gp3",
      encrypted: true,
      size: node.cacheVolumeSizeGibibytes,
      iops: node.cacheVolumeIops,
      throughput: node.cacheVolumeThroughputMebibytes,
      tags,
    },
    // A zone that was looked up stays: another answer would throw the cache away.
    pulumi.mergeOptions(opts, { ignoreChanges: subnetId === undefined ? ["availabilityZone"] : [] }),
  );
}

function createInstance(
  name: string,
  args: {
    node: NormalEc2Node;
    instanceType: pulumi.Output<string>;
    zone: pulumi.Output<string>;
    profile: pulumi.Output<string>;
    userData: pulumi.Output<string>;
    tags: Record<string, pulumi.Input<string>>;
  },
  around: Ec2NodeSurroundings,
  opts: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
): Instance {
  const { node } = args;
  const { amiParameter } = ec2Platforms[node.platform];
  // A later library's user data, and an address that a stopped instance does not have, are no reason to touch a node:
  // https://github.com/hashicorp/terraform-provider-aws/issues/33775
  const ignored = ["userData", "associatePublicIpAddress", ...(node.ami === undefined ? ["ami"] : [])];
  return new Instance(
    name,
    {
      // A public parameter's value is no secret, and as one it would hide the whole instance.
      ami: node.ami ?? pulumi.unsecret(getParameterOutput({ name: amiParameter }, { parent: opts.parent }).value),
      instanceType: args.instanceType,
      // The instance goes where its cache is.
      subnetId: node.subnetId ?? defaultSubnet(around.vpcId, args.zone, opts.parent),
      vpcSecurityGroupIds: [around.securityGroupId],
      associatePublicIpAddress: around.publicAddress,
      ipv6AddressCount: around.ipv6Address ? 1 : undefined,
      iamInstanceProfile: args.profile,
      userData: args.userData,
      instanceInitiatedShutdownBehavior: "stop",
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: {
        volumeType: "gp3",
        volumeSize: node.rootVolumeSizeGibibytes,
        encrypted: true,
        deleteOnTermination: true,
        tags: args.tags,
      },
      tags: args.tags,
    },
    pulumi.mergeOptions(opts, { ignoreChanges: ignored }),
  );
}

function attach(name: string, instance: Instance, volume: Volume, opts: pulumi.CustomResourceOptions): void {
  new VolumeAttachment(
    `${name}-cache`,
    {
      instanceId: instance.id,
      volumeId: volume.id,
      deviceName: "/dev/sdf",
      // A volume that is mounted does not let go: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-detaching-volume.html
      stopInstanceBeforeDetaching: true,
    },
    // A volume is attached once, so it leaves the old instance before it goes to the new one.
    pulumi.mergeOptions(opts, { deleteBeforeReplace: true }),
  );
}
