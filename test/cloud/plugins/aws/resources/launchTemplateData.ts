import type { RequestLaunchTemplateData, ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";

import { isEmpty, isProperties, type Properties } from "../../protocol/values";
import { fromTagList, toTagList } from "../tags";

/** What a launch template says of instances, in Terraform's words. Booleans that may be left out are texts there. */
export type TemplateArguments = {
  blockDeviceMappings?: {
    deviceName?: string;
    ebs?: {
      deleteOnTermination?: string;
      encrypted?: string;
      iops?: number;
      kmsKeyId?: string;
      throughput?: number;
      volumeSize?: number;
      volumeType?: string;
    };
  }[];
  iamInstanceProfile?: { arn?: string; name?: string };
  imageId?: string;
  instanceInitiatedShutdownBehavior?: string;
  instanceType?: string;
  metadataOptions?: {
    httpEndpoint?: string;
    httpProtocolIpv6?: string;
    httpPutResponseHopLimit?: number;
    httpTokens?: string;
    instanceMetadataTags?: string;
  };
  networkInterfaces?: {
    associatePublicIpAddress?: string;
    deleteOnTermination?: string;
    description?: string;
    deviceIndex?: number;
    ipv6AddressCount?: number;
    securityGroups?: string[];
    subnetId?: string;
  }[];
  tagSpecifications?: { resourceType?: string; tags?: Record<string, string> }[];
  userData?: string;
  vpcSecurityGroupIds?: string[];
};

const toBoolean = (text: string | undefined): boolean | undefined => (text ? text === "true" : undefined);
const toText = (value: boolean | undefined): string | undefined => (value === undefined ? undefined : String(value));

export function toTemplateData(template: TemplateArguments): RequestLaunchTemplateData {
  const data = {
    BlockDeviceMappings: template.blockDeviceMappings?.map(({ deviceName, ebs }) => ({
      DeviceName: deviceName,
      Ebs: ebs && {
        DeleteOnTermination: toBoolean(ebs.deleteOnTermination),
        Encrypted: toBoolean(ebs.encrypted),
        Iops: ebs.iops,
        KmsKeyId: ebs.kmsKeyId,
        Throughput: ebs.throughput,
        VolumeSize: ebs.volumeSize,
        VolumeType: ebs.volumeType,
      },
    })),
    IamInstanceProfile: template.iamInstanceProfile && {
      Arn: template.iamInstanceProfile.arn,
      Name: template.iamInstanceProfile.name,
    },
    ImageId: template.imageId,
    InstanceInitiatedShutdownBehavior: template.instanceInitiatedShutdownBehavior,
    InstanceType: template.instanceType,
    MetadataOptions: template.metadataOptions && {
      HttpEndpoint: template.metadataOptions.httpEndpoint,
      HttpProtocolIpv6: template.metadataOptions.httpProtocolIpv6,
      HttpPutResponseHopLimit: template.metadataOptions.httpPutResponseHopLimit,
      HttpTokens: template.metadataOptions.httpTokens,
      InstanceMetadataTags: template.metadataOptions.instanceMetadataTags,
    },
    NetworkInterfaces: template.networkInterfaces?.map((each) => ({
      AssociatePublicIpAddress: toBoolean(each.associatePublicIpAddress),
      DeleteOnTermination: toBoolean(each.deleteOnTermination),
      Description: each.description,
      DeviceIndex: each.deviceIndex ?? 0,
      Groups: each.securityGroups,
      Ipv6AddressCount: each.ipv6AddressCount,
      SubnetId: each.subnetId,
    })),
    SecurityGroupIds: template.vpcSecurityGroupIds,
    TagSpecifications: template.tagSpecifications?.map(({ resourceType, tags }) => ({
      ResourceType: resourceType,
      Tags: toTagList(tags),
    })),
    // The provider gives it always, so that there is something in every template.
    UserData: template.userData ?? "",
  };
  // The SDK types its enumerations; what is none of theirs, the API refuses.
  return data as RequestLaunchTemplateData;
}

export function fromTemplateData(data: ResponseLaunchTemplateData): TemplateArguments {
  return {
    blockDeviceMappings: (data.BlockDeviceMappings ?? []).map(({ DeviceName, Ebs }) => ({
      deviceName: DeviceName,
      ebs: Ebs && {
        deleteOnTermination: toText(Ebs.DeleteOnTermination),
        encrypted: toText(Ebs.Encrypted),
        iops: Ebs.Iops ?? 0,
        kmsKeyId: Ebs.KmsKeyId,
        throughput: Ebs.Throughput ?? 0,
        volumeSize: Ebs.VolumeSize,
        volumeType: Ebs.VolumeType,
      },
    })),
    iamInstanceProfile: data.IamInstanceProfile && {
      arn: data.IamInstanceProfile.Arn,
      name: data.IamInstanceProfile.Name,
    },
    imageId: data.ImageId ?? "",
    instanceInitiatedShutdownBehavior: data.InstanceInitiatedShutdownBehavior ?? "",
    instanceType: data.InstanceType ?? "",
    metadataOptions: data.MetadataOptions && {
      httpEndpoint: data.MetadataOptions.HttpEndpoint,
      httpProtocolIpv6: data.MetadataOptions.HttpProtocolIpv6 ?? "",
      httpPutResponseHopLimit: data.MetadataOptions.HttpPutResponseHopLimit,
      httpTokens: data.MetadataOptions.HttpTokens,
      instanceMetadataTags: data.MetadataOptions.InstanceMetadataTags ?? "",
    },
    networkInterfaces: (data.NetworkInterfaces ?? []).map((each) => ({
      associatePublicIpAddress: toText(each.AssociatePublicIpAddress),
      deleteOnTermination: toText(each.DeleteOnTermination),
      description: each.Description,
      deviceIndex: each.DeviceIndex,
      ipv6AddressCount: each.Ipv6AddressCount,
      securityGroups: each.Groups ?? [],
      subnetId: each.SubnetId,
    })),
    tagSpecifications: (data.TagSpecifications ?? []).map(({ ResourceType, Tags }) => ({
      resourceType: ResourceType,
      tags: fromTagList(Tags),
    })),
    userData: data.UserData ?? "",
    vpcSecurityGroupIds: data.SecurityGroupIds ?? [],
  };
}

/** Without what is empty, down to the last block, and with texts sorted: all lists of them are sets here. */
export function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = (value as unknown[]).map(withoutEmpty);
    return entries.every((each) => typeof each === "string") ? entries.toSorted() : entries;
  }
  if (!isProperties(value)) return value;
  const given: Properties = {};
  for (const [name, each] of Object.entries(value)) if (!isEmpty(each)) given[name] = withoutEmpty(each);
  return given;
}
