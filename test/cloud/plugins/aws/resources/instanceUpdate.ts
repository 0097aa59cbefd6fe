import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  ReplaceIamInstanceProfileAssociationCommand,
} from "@aws-sdk/client-ec2";

import type { Change } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, isAwsError } from "../errors";
import { retryWhile } from "../wait";
import type { Instance } from "./instance";
import { findInstance, whileStopped } from "./instanceCalls";
import { changeAddresses, changeGroups } from "./instanceNetwork";
import { changeRoot, type Modify } from "./instanceRoot";
import { changeVolumeTags } from "./instanceVolumes";

/** Each change is a call of its own, in the order of `resourceInstanceUpdate` in ec2_instance.go. */
export async function updateInstance(id: string, change: Change<Instance>, aws: Aws): Promise<void> {
  const { state, planned, changed } = change;
  const modify: Modify = (attribute) =>
    aws.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, ...attribute }));
  const steps: [string, () => Promise<unknown>][] = [
    ["volumeTags", () => changeVolumeTags(aws, id, state.volumeTags, planned.volumeTags)],
    ["iamInstanceProfile", () => changeProfile(aws, id, planned.iamInstanceProfile)],
    ["ipv6AddressCount", () => changeAddresses(aws, id, state.ipv6AddressCount, planned.ipv6AddressCount)],
    ["vpcSecurityGroupIds", () => changeGroups(aws, id, planned.vpcSecurityGroupIds)],
    ["instanceType", () => whileStopped(aws, id, () => modify({ InstanceType: { Value: planned.instanceType } }))],
    [
      "userData",
      () => whileStopped(aws, id, () => modify({ UserData: { Value: Buffer.from(planned.userData ?? "") } })),
    ],
    [
      "instanceInitiatedShutdownBehavior",
      () => modify({ InstanceInitiatedShutdownBehavior: { Value: planned.instanceInitiatedShutdownBehavior } }),
    ],
    ["metadataOptions", () => changeMetadata(aws, id, planned)],
    ["rootBlockDevice", () => changeRoot(aws, id, change, modify)],
  ];
  const top = new Set([...changed].map((path) => path.split(".")[0]));
  for (const [name, step] of steps) {
    if (top.has(name)) await step().catch(during(`updating EC2 Instance (${id})`));
  }
}

async function changeProfile(aws: Aws, id: string, name: string | undefined): Promise<void> {
  const { ec2 } = aws;
  const { IamInstanceProfileAssociations: [association] = [] } = await ec2.send(
    new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: "instance-id", Values: [id] }] }),
  );
  const isRunning = (await findInstance(aws, id))?.State?.Name === "running";
  const AssociationId = association?.AssociationId;
  const IamInstanceProfile = { Name: name };
  if (AssociationId && name && isRunning) {
    await retryWhile(
      (error) => isAwsError(error, "InvalidParameterValue") && error.reason.includes("Invalid IAM Instance Profile"),
      120,
      () => ec2.send(new ReplaceIamInstanceProfileAssociationCommand({ AssociationId, IamInstanceProfile })),
    );
    return;
  }
  if (AssociationId) await ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
  if (name) await ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId: id, IamInstanceProfile }));
}

async function changeMetadata({ ec2 }: Aws, id: string, { metadataOptions: options }: Instance): Promise<void> {
  const isEnabled = options?.httpEndpoint === "enabled";
  await ec2.send(
    new ModifyInstanceMetadataOptionsCommand({
      InstanceId: id,
      HttpEndpoint: options?.httpEndpoint as "enabled",
      // AWS refuses them for an endpoint that is off.
      ...(isEnabled && {
        HttpPutResponseHopLimit: options.httpPutResponseHopLimit,
        HttpTokens: options.httpTokens as "required",
        InstanceMetadataTags: options.instanceMetadataTags as "enabled",
      }),
    }),
  );
}
