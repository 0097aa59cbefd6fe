import { equal, ok } from "node:assert/strict";

import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  type CreateFleetCommandOutput,
  CreateLaunchTemplateCommand,
  type CreateLaunchTemplateCommandOutput,
  DescribeInstanceAttributeCommand,
  DescribeVolumesCommand,
  type RequestLaunchTemplateData,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";

import type { Account } from "../cloud/account";
import { waitUntil } from "../hosts";

/** A type in a zone, in which a fleet may launch. */
export interface Pool {
  InstanceType: "c8g.xlarge";
  SubnetId: string;
  Priority: number;
}

/** Of a fleet of spot instances, in place of one on demand. */
export const spot = {
  TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "spot" },
  SpotOptions: { AllocationStrategy: "capacity-optimized-prioritized" },
  OnDemandOptions: undefined,
} as const;

/** Fleets of one arm64 instance, of the first version of a launch template. */
export class Fleets {
  templateId = "";

  private constructor(
    private readonly account: Account,
    readonly groupId: string,
    readonly subnets: ReadonlyMap<string, string>,
  ) {}

  static async of(account: Account, groupId: string): Promise<Fleets> {
    const subnets = new Map<string, string>();
    for (const zone of ["us-east-1a", "us-east-1b", "us-east-1e"]) subnets.set(zone, await account.subnetIn(zone));
    return new Fleets(account, groupId, subnets);
  }

  data(): RequestLaunchTemplateData {
    return {
      ImageId: this.account.cloud.images.find(({ architecture }) => architecture === "arm64")?.id,
      InstanceInitiatedShutdownBehavior: "terminate",
      UserData: Buffer.from("#!/bin/sh\n").toString("base64"),
      IamInstanceProfile: { Name: "node" },
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1 },
      NetworkInterfaces: [
        { DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [this.groupId], DeleteOnTermination: true },
      ],
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 12, VolumeType: "gp3", Encrypted: true } }],
      TagSpecifications: [
        { ResourceType: "instance", Tags: [{ Key: "node", Value: "arm64" }] },
        { ResourceType: "volume", Tags: [{ Key: "root", Value: "yes" }] },
      ],
    };
  }

  createTemplate(LaunchTemplateData = this.data()): Promise<CreateLaunchTemplateCommandOutput> {
    const TagSpecifications = [{ ResourceType: "launch-template" as const, Tags: [{ Key: "own", Value: "yes" }] }];
    return this.account.ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: "nodes", LaunchTemplateData, TagSpecifications }),
    );
  }

  /** The profile of the template's instances. */
  async createProfile(): Promise<void> {
    const { iam } = this.account;
    const Service = "ec2.amazonaws.com";
    const Statement = [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new CreateRoleCommand({ RoleName: "node", AssumeRolePolicyDocument }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "node" }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "node", RoleName: "node" }));
  }

  async terminate(id: string): Promise<void> {
    await this.account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await this.account.reach(id, "terminated");
  }

  async waitForVolume(id: string): Promise<void> {
    const read = async (): Promise<void> => {
      const { Volumes } = await this.account.ec2.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
      equal(Volumes?.[0]?.State, "available");
    };
    await waitUntil("the volume", read, { timeoutMilliseconds: 10_000 });
  }

  /** A running instance, by what its template says of it. */
  async instance(InstanceId: string) {
    const { InstanceLifecycle, SecurityGroups, MetadataOptions } = await this.account.reach(InstanceId, "running");
    const attribute = (Attribute: "userData" | "instanceInitiatedShutdownBehavior") =>
      this.account.ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
    return {
      lifecycle: InstanceLifecycle,
      groups: SecurityGroups?.map(({ GroupId }) => GroupId),
      tokens: MetadataOptions?.HttpTokens,
      userData: (await attribute("userData")).UserData?.Value,
      onShutdown: (await attribute("instanceInitiatedShutdownBehavior")).InstanceInitiatedShutdownBehavior?.Value,
    };
  }

  pool(zone: string, Priority: number, InstanceType = "c8g.xlarge"): Pool {
    return { InstanceType: InstanceType as "c8g.xlarge", SubnetId: this.subnets.get(zone) ?? "", Priority };
  }

  create(overrides: Pool[], input: Partial<CreateFleetCommandInput> = {}): Promise<CreateFleetCommandOutput> {
    return this.account.ec2.send(
      new CreateFleetCommand({
        Type: "instant",
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId: this.templateId, Version: "1" },
            Overrides: overrides,
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" },
        OnDemandOptions: { AllocationStrategy: "prioritized" },
        ...input,
      }),
    );
  }
}

/** Of the instance that was launched. */
export function idOf({ Instances, Errors }: CreateFleetCommandOutput): string {
  const id = Instances?.[0]?.InstanceIds?.[0];
  ok(id, `nothing was launched: ${JSON.stringify(Errors)}`);
  return id;
}

/** Each as `code market type`, in the order in which they were tried. */
export const errorsOf = ({ Errors = [] }: CreateFleetCommandOutput): string[] =>
  Errors.map(({ ErrorCode, Lifecycle, LaunchTemplateAndOverrides }) =>
    [ErrorCode, Lifecycle, LaunchTemplateAndOverrides?.Overrides?.InstanceType].join(" "),
  );
