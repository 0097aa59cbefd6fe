import { ModifyInstanceAttributeCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";

import type { Attributes, ResourceType } from "../../protocol/resource";
import { isEmpty, isProperties, isSameSet } from "../../protocol/values";
import type { Aws } from "../client";
import { during, isAwsError, unless } from "../errors";
import { retagEc2, tagged } from "../tags";
import { retryWhile, waitUntil } from "../wait";
import { findInstance, waitForState } from "./instanceCalls";
import { findRootDeviceName, runInput } from "./instanceLaunch";
import { readInstance } from "./instanceRead";
import { updateInstance } from "./instanceUpdate";
import { tagRootVolume } from "./instanceVolumes";

export type Instance = {
  ami?: string;
  associatePublicIpAddress?: boolean;
  availabilityZone?: string;
  ebsBlockDevices?: unknown[];
  iamInstanceProfile?: string;
  instanceInitiatedShutdownBehavior?: string;
  instanceType?: string;
  ipv6AddressCount?: number;
  metadataOptions?: {
    httpEndpoint?: string;
    httpProtocolIpv6?: string;
    httpPutResponseHopLimit?: number;
    httpTokens?: string;
    instanceMetadataTags?: string;
  };
  privateIp?: string;
  rootBlockDevice?: {
    deleteOnTermination?: boolean;
    encrypted?: boolean;
    iops?: number;
    kmsKeyId?: string;
    tags?: Record<string, string>;
    throughput?: number;
    volumeId?: string;
    volumeSize?: number;
    volumeType?: string;
  };
  subnetId?: string;
  tagsAll?: Record<string, string>;
  userData?: string;
  volumeTags?: Record<string, string>;
  vpcSecurityGroupIds?: string[];
};

const optionalComputed = { kind: "optional computed" } as const;
const replacing = { kind: "optional computed", replaces: true } as const;
const computed = { kind: "computed" } as const;

/**
 * The schema and the functions of https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_instance.go
 * (`resourceInstance`): what its table in test/cloud/README.md says.
 */
const attributes: Attributes = {
  ami: replacing,
  arn: computed,
  associatePublicIpAddress: replacing,
  availabilityZone: replacing,
  // Optional there. Here nobody gives it; a read fills it with what others have attached.
  ebsBlockDevices: computed,
  iamInstanceProfile: optionalComputed,
  instanceInitiatedShutdownBehavior: optionalComputed,
  instanceState: computed,
  instanceType: optionalComputed,
  // No `ForceNew`: the update assigns addresses to a machine that runs.
  ipv6AddressCount: optionalComputed,
  ipv6Addresses: computed,
  keyName: computed,
  metadataOptions: {
    ...optionalComputed,
    block: {
      httpEndpoint: optionalComputed,
      httpProtocolIpv6: optionalComputed,
      httpPutResponseHopLimit: optionalComputed,
      httpTokens: optionalComputed,
      instanceMetadataTags: optionalComputed,
    },
  },
  primaryNetworkInterfaceId: computed,
  privateDns: computed,
  privateIp: replacing,
  publicDns: computed,
  publicIp: computed,
  rootBlockDevice: {
    ...optionalComputed,
    block: {
      deleteOnTermination: { kind: "optional", default: true },
      deviceName: computed,
      encrypted: replacing,
      iops: optionalComputed,
      kmsKeyId: replacing,
      tags: { kind: "optional" },
      tagsAll: computed,
      throughput: optionalComputed,
      volumeId: computed,
      volumeSize: optionalComputed,
      volumeType: optionalComputed,
    },
  },
  sourceDestCheck: computed,
  subnetId: replacing,
  userData: { kind: "optional" },
  userDataReplaceOnChange: { kind: "optional", default: false },
  volumeTags: { kind: "optional" },
  vpcSecurityGroupIds: { ...optionalComputed, isSame: isSameSet },
};

const userDataLimitBytes = 16384;

const type: ResourceType<Aws> = {
  attributes,
  check({ userData, rootBlockDevice, volumeTags }): Record<string, string> {
    const isTooLong = typeof userData === "string" && Buffer.byteLength(userData) > userDataLimitBytes;
    const isTaggedTwice = isProperties(rootBlockDevice) && !isEmpty(rootBlockDevice.tags) && !isEmpty(volumeTags);
    return {
      ...(isTooLong && { userData: `expected length of user_data to be in the range (0 - ${userDataLimitBytes})` }),
      // tagsSchemaConflictsWith
      ...(isTaggedTwice && { rootBlockDevice: '"root_block_device.0.tags": conflicts with volume_tags' }),
    };
  },
  modifyPlan({ planned, differences }) {
    const userData = differences.get("userData");
    if (userData && planned.userDataReplaceOnChange === true) userData.replaces = true;
  },
  async create(planned: Instance, aws) {
    const explain = during("creating EC2 Instance");
    const device = planned.rootBlockDevice && (await findRootDeviceName(aws, planned.ami).catch(explain));
    const { Instances: [instance] = [] } = await retryWhile(isProfileNotYetThere, 120, () =>
      aws.ec2.send(new RunInstancesCommand(runInput(planned, aws, device))),
    ).catch(explain);
    return { id: instance?.InstanceId ?? "" };
  },
  async settle(id, planned, aws) {
    await waitForState(aws, id, "running", 600).catch(during(`waiting for EC2 Instance (${id}) create`));
    await tagRootVolume(aws, id, planned);
    // The create ends in resourceInstanceUpdate, whose branch for this one is not kept from new instances.
    const Value = (planned as Instance).instanceInitiatedShutdownBehavior;
    if (Value === undefined) return;
    await aws.ec2
      .send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceInitiatedShutdownBehavior: { Value } }))
      .catch(during(`modifying EC2 Instance (${id}) InstanceInitiatedShutdownBehavior attribute`));
  },
  read: readInstance,
  update: updateInstance,
  async delete(id, _state, aws) {
    // disableInstanceAPITermination: a refusal is logged.
    await aws.ec2
      .send(new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: false } }))
      .catch(() => undefined);
    await aws.ec2
      .send(new TerminateInstancesCommand({ InstanceIds: [id] }))
      .catch(unless("InvalidInstanceID.NotFound"))
      .catch(during(`terminating EC2 Instance (${id})`));
    await waitUntil(`EC2 Instance (${id}) delete`, 1200, async () =>
      (await findInstance(aws, id)) ? undefined : true,
    );
  },
};

export const instance = tagged(type, retagEc2);

/** IAM tells EC2 of a new profile some ten seconds late. */
const isProfileNotYetThere = (error: unknown): boolean =>
  isAwsError(error, "InvalidParameterValue") &&
  /Invalid IAM Instance Profile| has no associated IAM Roles/.test(error.reason);
