import { createHash } from "node:crypto";

import {
  AttachVolumeCommand,
  DetachVolumeCommand,
  StopInstancesCommand,
  type VolumeAttachment as Ec2Attachment,
} from "@aws-sdk/client-ec2";

import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, isAwsError } from "../errors";
import { waitUntil } from "../wait";
import { findInstance, waitForState } from "./instanceCalls";
import { findVolume } from "./volume";

type Attachment = {
  deviceName: string;
  forceDetach?: boolean;
  instanceId: string;
  skipDestroy?: boolean;
  stopInstanceBeforeDetaching?: boolean;
  volumeId: string;
};

export const volumeAttachment: ResourceType<Aws> = {
  attributes: {
    deviceName: { kind: "required", replaces: true },
    forceDetach: { kind: "optional" },
    instanceId: { kind: "required", replaces: true },
    skipDestroy: { kind: "optional" },
    stopInstanceBeforeDetaching: { kind: "optional" },
    volumeId: { kind: "required", replaces: true },
  },
  async create(planned: Attachment, aws) {
    const { volumeId, instanceId, deviceName } = planned;
    const what = `attaching EBS Volume (${volumeId}) to EC2 Instance (${instanceId})`;
    if (!(await findAttachment(aws, planned).catch(during(what)))) {
      await waitUntil(`EC2 Instance (${instanceId}) to be ready`, 600, async () => {
        const state = (await findInstance(aws, instanceId))?.State?.Name;
        return state === "running" || state === "stopped" ? state : undefined;
      });
      await aws.ec2
        .send(new AttachVolumeCommand({ Device: deviceName, InstanceId: instanceId, VolumeId: volumeId }))
        .catch(during(what));
    }
    // The real provider has no id, and so nothing to delete, before the volume is attached.
    await waitUntil(`EBS Volume (${volumeId}) Attachment (${instanceId}) create`, 300, async () =>
      (await findAttachment(aws, planned))?.State === "attached" ? true : undefined,
    );
    const hash = createHash("sha1").update(`${deviceName}-${instanceId}-${volumeId}-`).digest();
    return { id: `vai-${hash.readUInt32BE()}` };
  },
  async read(_id, state, aws) {
    return (await findAttachment(aws, state as Attachment)) ? {} : undefined;
  },
  async delete(_id, state, aws) {
    const attachment = state as Attachment;
    const { volumeId, instanceId, deviceName, forceDetach } = attachment;
    if (attachment.skipDestroy) return;
    const explain = during(`deleting EBS Volume (${volumeId}) Attachment (${instanceId})`);
    if (attachment.stopInstanceBeforeDetaching) {
      await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] })).catch(explain);
      await waitForState(aws, instanceId, "stopped", 600).catch(explain);
    }
    await aws.ec2
      .send(
        new DetachVolumeCommand({
          Device: deviceName,
          Force: forceDetach ?? false,
          InstanceId: instanceId,
          VolumeId: volumeId,
        }),
      )
      .catch((error: unknown) => {
        if (!isAwsError(error, "IncorrectState") || !error.reason.includes("available")) throw error;
      })
      .catch(explain);
    await waitUntil(`EBS Volume (${volumeId}) Attachment (${instanceId}) delete`, 300, async () =>
      (await findAttachment(aws, attachment)) ? undefined : true,
    );
  },
};

async function findAttachment(
  aws: Aws,
  { volumeId, instanceId, deviceName }: Attachment,
): Promise<Ec2Attachment | undefined> {
  const volume = await findVolume(aws, volumeId);
  if (volume?.State === "available") return undefined;
  const matches = ({ Device, InstanceId, State }: Ec2Attachment): boolean =>
    Device === deviceName && InstanceId === instanceId && State !== "detached";
  return volume?.Attachments?.find(matches);
}
