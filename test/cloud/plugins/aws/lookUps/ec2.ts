import {
  type _InstanceType,
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  type Filter,
  type LocationType,
  type Subnet,
  type VpcAttributeName,
} from "@aws-sdk/client-ec2";

import type { LookUp } from "../../protocol/resource";
import { type Properties, textOf } from "../../protocol/values";
import type { Aws } from "../client";
import { during } from "../errors";
import { fromTagList, tagsOf } from "../tags";

/** Terraform's filters, tags and arguments, all as filters of the API. */
function filtersOf(args: Properties, named: Record<string, unknown> = {}): Filter[] | undefined {
  const given = (args.filters as { name: string; values: string[] }[] | undefined) ?? [];
  const filters = [
    ...Object.entries(named).map(([Name, value]) => ({ Name, Values: idsOf(value) ?? [] })),
    ...Object.entries(tagsOf(args.tags)).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
    ...given.map(({ name, values }) => ({ Name: name, Values: values })),
  ].filter(({ Values }) => Values.length > 0);
  return filters.length > 0 ? filters : undefined;
}

const idsOf = (id: unknown): string[] | undefined => {
  const text = textOf(id);
  return text === undefined ? undefined : [text];
};

function single<T>(what: string, found: T[] | undefined): T {
  const [one, ...others] = found ?? [];
  if (!one) throw new Error(`no matching ${what} found`);
  if (others.length > 0)
    throw new Error(`multiple ${what}s matched; use additional constraints to reduce matches to a single ${what}`);
  return one;
}

export const getVpc: LookUp<Aws> = async (args, { ec2, region }) => {
  const isDefault = args.default === true ? true : undefined;
  const Filters = filtersOf(args, { cidr: args.cidrBlock, "is-default": isDefault, state: args.state });
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ Filters, VpcIds: idsOf(args.id) }));
  const vpc = single("EC2 VPC", Vpcs);
  // vpc_data_source.go asks for each of these by a call of its own.
  const attribute = (Attribute: VpcAttributeName) =>
    ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpc.VpcId, Attribute }));
  const { EnableDnsHostnames } = await attribute("enableDnsHostnames");
  const { EnableDnsSupport } = await attribute("enableDnsSupport");
  const { EnableNetworkAddressUsageMetrics } = await attribute("enableNetworkAddressUsageMetrics");
  const { RouteTables: [main] = [] } = await ec2.send(
    new DescribeRouteTablesCommand({
      Filters: [
        { Name: "association.main", Values: ["true"] },
        { Name: "vpc-id", Values: [vpc.VpcId ?? ""] },
      ],
    }),
  );
  return {
    arn: `arn:aws:ec2:${region}:${vpc.OwnerId}:vpc/${vpc.VpcId}`,
    cidrBlock: vpc.CidrBlock,
    default: vpc.IsDefault,
    dhcpOptionsId: vpc.DhcpOptionsId,
    enableDnsHostnames: EnableDnsHostnames?.Value,
    enableDnsSupport: EnableDnsSupport?.Value,
    enableNetworkAddressUsageMetrics: EnableNetworkAddressUsageMetrics?.Value,
    id: vpc.VpcId,
    instanceTenancy: vpc.InstanceTenancy,
    ipv6CidrBlock: vpc.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? "",
    mainRouteTableId: main?.RouteTableId,
    ownerId: vpc.OwnerId,
    region,
    state: vpc.State,
    tags: fromTagList(vpc.Tags),
  };
};

export const getSubnets: LookUp<Aws> = async (args, { ec2, region }) => {
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: filtersOf(args) }));
  const ids = Subnets.map(({ SubnetId }) => SubnetId);
  return { filters: args.filters, id: region, ids, region, tags: args.tags ?? {} };
};

export const getSubnet: LookUp<Aws> = async (args, { ec2, region }) => {
  const Filters = filtersOf(args, {
    "availability-zone": args.availabilityZone,
    "availability-zone-id": args.availabilityZoneId,
    "cidr-block": args.cidrBlock,
    "default-for-az": args.defaultForAz === true ? true : undefined,
    state: args.state,
    "vpc-id": args.vpcId,
  });
  const { Subnets } = await ec2
    .send(new DescribeSubnetsCommand({ Filters, SubnetIds: idsOf(args.id) }))
    .catch(during("reading EC2 Subnet"));
  return subnetOf(single("EC2 Subnet", Subnets), region);
};

const subnetOf = (subnet: Subnet, region: string): Properties => ({
  arn: subnet.SubnetArn,
  assignIpv6AddressOnCreation: subnet.AssignIpv6AddressOnCreation,
  availabilityZone: subnet.AvailabilityZone,
  availabilityZoneId: subnet.AvailabilityZoneId,
  availableIpAddressCount: subnet.AvailableIpAddressCount,
  cidrBlock: subnet.CidrBlock,
  defaultForAz: subnet.DefaultForAz,
  id: subnet.SubnetId,
  ipv6CidrBlock: subnet.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? "",
  mapPublicIpOnLaunch: subnet.MapPublicIpOnLaunch,
  ownerId: subnet.OwnerId,
  region,
  state: subnet.State,
  tags: fromTagList(subnet.Tags),
  vpcId: subnet.VpcId,
});

export const getAmi: LookUp<Aws> = async (args, { ec2, region }) => {
  const unknownName = Object.keys(args).find(
    (name) => !["filters", "includeDeprecated", "mostRecent", "owners"].includes(name),
  );
  if (unknownName) throw new Error(`stand-in: argument ${unknownName} of getAmi is not implemented`);
  const { Images = [] } = await ec2
    .send(
      new DescribeImagesCommand({
        Filters: filtersOf(args),
        IncludeDeprecated: args.includeDeprecated === true,
        Owners: args.owners as string[] | undefined,
      }),
    )
    .catch(during("reading EC2 AMIs"));
  const newest = Images.toSorted((one, other) => (other.CreationDate ?? "").localeCompare(one.CreationDate ?? ""));
  if (newest.length === 0)
    throw new Error("Your query returned no results. Please change your search criteria and try again.");
  if (newest.length > 1 && args.mostRecent !== true) {
    throw new Error("Your query returned more than one result. Please try a more specific search criteria");
  }
  const image = newest[0];
  return {
    architecture: image.Architecture,
    creationDate: image.CreationDate,
    description: image.Description ?? "",
    filters: args.filters,
    id: image.ImageId,
    imageId: image.ImageId,
    name: image.Name,
    ownerId: image.OwnerId,
    public: image.Public,
    region,
    rootDeviceName: image.RootDeviceName,
    rootDeviceType: image.RootDeviceType,
    state: image.State,
    tags: fromTagList(image.Tags),
    virtualizationType: image.VirtualizationType,
  };
};

export const getInstanceType: LookUp<Aws> = async ({ instanceType }, { ec2, region }) => {
  const InstanceTypes = [String(instanceType) as _InstanceType];
  const { InstanceTypes: found } = await ec2
    .send(new DescribeInstanceTypesCommand({ InstanceTypes }))
    .catch(during(`reading EC2 Instance Type (${String(instanceType)})`));
  const type = single("EC2 Instance Type", found);
  return {
    bareMetal: type.BareMetal,
    burstablePerformanceSupported: type.BurstablePerformanceSupported,
    currentGeneration: type.CurrentGeneration,
    defaultVcpus: type.VCpuInfo?.DefaultVCpus,
    ebsNvmeSupport: type.EbsInfo?.NvmeSupport,
    hypervisor: type.Hypervisor,
    id: type.InstanceType,
    instanceType: type.InstanceType,
    ipv6Supported: type.NetworkInfo?.Ipv6Supported,
    memorySize: type.MemoryInfo?.SizeInMiB,
    region,
    supportedArchitectures: type.ProcessorInfo?.SupportedArchitectures,
  };
};

export const getInstanceTypeOfferings: LookUp<Aws> = async (args, { ec2, region }) => {
  const LocationType = args.locationType as LocationType | undefined;
  const { InstanceTypeOfferings: offerings = [] } = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({ Filters: filtersOf(args), LocationType }),
  );
  return {
    filters: args.filters,
    id: region,
    instanceTypes: offerings.map(({ InstanceType }) => InstanceType),
    locationType: args.locationType,
    locationTypes: offerings.map((offering) => offering.LocationType),
    locations: offerings.map(({ Location }) => Location),
    region,
  };
};
