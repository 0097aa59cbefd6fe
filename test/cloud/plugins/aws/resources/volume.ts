import { randomUUID } from "node:crypto";

import {
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  ModifyVolumeCommand,
  type Volume as Ec2Volume,
  type VolumeType,
} from "@aws-sdk/client-ec2";

import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, isAwsError, unless } from "../errors";
import { fromTagList, retagEc2, tagged, tagSpecifications } from "../tags";
import { retryWhile, waitUntil } from "../wait";

type Volume = {
  availabilityZone: string;
  encrypted?: boolean;
  iops?: number;
  kmsKeyId?: string;
  size?: number;
  tagsAll?: Record<string, string>;
  throughput?: number;
  type?: VolumeType;
};

const type: ResourceType<Aws> = {
  attributes: {
    arn: { kind: "computed" },
    availabilityZone: { kind: "required", replaces: true },
    createTime: { kind: "computed" },
    encrypted: { kind: "optional computed", replaces: true },
    finalSnapshot: { kind: "optional", default: false },
    iops: { kind: "optional computed" },
    kmsKeyId: { kind: "optional computed", replaces: true },
    multiAttachEnabled: { kind: "computed" },
    // Optional only for volumes from snapshots, which are not implemented.
    size: { kind: "required" },
    snapshotId: { kind: "computed" },
    throughput: { kind: "optional computed" },
    type: { kind: "optional computed" },
  },
  check({ throughput, finalSnapshot }): Record<string, string> {
    return {
      ...(typeof throughput === "number" &&
        (throughput < 125 || throughput > 2000) && {
          throughput: `expected throughput to be in the range (125 - 2000), got ${throughput}`,
        }),
      ...(finalSnapshot === true && { finalSnapshot: "stand-in: input finalSnapshot is not implemented" }),
    };
  },
  async create(planned: Volume, { ec2 }) {
    const { VolumeId: id = "" } = await ec2
      .send(
        new CreateVolumeCommand({
          AvailabilityZone: planned.availabilityZone,
          ClientToken: randomUUID(),
          Encrypted: planned.encrypted,
          Iops: planned.iops,
          KmsKeyId: planned.kmsKeyId,
          Size: planned.size,
          Throughput: planned.throughput,
          VolumeType: planned.type,
          TagSpecifications: tagSpecifications("volume", planned),
        }),
      )
      .catch(during("creating EBS Volume"));
    return { id };
  },
  async settle(id, _planned, aws) {
    await waitUntil(`EBS Volume (${id}) create`, 300, async () =>
      (await findVolume(aws, id))?.State === "available" ? true : undefined,
    );
  },
  async read(id, _state, aws) {
    const volume = await findVolume(aws, id).catch(during(`reading EBS Volume (${id})`));
    return (
      volume && {
        arn: `arn:aws:ec2:${aws.region}:${aws.accountId}:volume/${id}`,
        availabilityZone: volume.AvailabilityZone,
        createTime: volume.CreateTime?.toISOString(),
        encrypted: volume.Encrypted,
        iops: volume.Iops ?? 0,
        kmsKeyId: volume.KmsKeyId ?? "",
        multiAttachEnabled: volume.MultiAttachEnabled ?? false,
        size: volume.Size,
        snapshotId: volume.SnapshotId ?? "",
        tagsAll: fromTagList(volume.Tags),
        throughput: volume.Throughput ?? 0,
        type: volume.VolumeType,
      }
    );
  },
  async update(id, { planned, changed }, { ec2 }) {
    const volume = planned as Volume;
    if (!["size", "type", "iops", "throughput"].some((name) => changed.has(name))) return;
    await ec2
      .send(
        new ModifyVolumeCommand({
          VolumeId: id,
          Iops: changed.has("iops") || changed.has("type") ? volume.iops : undefined,
          Size: changed.has("size") ? volume.size : undefined,
          Throughput: volume.type === "gp3" ? volume.throughput : undefined,
          VolumeType: changed.has("type") ? volume.type : undefined,
        }),
      )
      .catch(during(`modifying EBS Volume (${id})`));
  },
  async delete(id, _state, { ec2 }) {
    const isInUse = (error: unknown): boolean => isAwsError(error, "VolumeInUse");
    await retryWhile(isInUse, 600, () => ec2.send(new DeleteVolumeCommand({ VolumeId: id })))
      .catch(unless("InvalidVolume.NotFound"))
      .catch(during(`deleting EBS Volume (${id})`));
  },
};

export const volume = tagged(type, retagEc2);

export async function findVolume({ ec2 }: Aws, id: string): Promise<Ec2Volume | undefined> {
  const answer = await ec2
    .send(new DescribeVolumesCommand({ VolumeIds: [id] }))
    .catch(unless("InvalidVolume.NotFound"));
  const found = answer?.Volumes?.[0];
  return found?.State === "deleted" || found?.State === "deleting" ? undefined : found;
}
