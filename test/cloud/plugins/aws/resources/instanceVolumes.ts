import {
  CreateTagsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  type Instance as Ec2Instance,
  type Volume,
} from "@aws-sdk/client-ec2";

import type { Properties } from "../../protocol/values";
import type { Aws } from "../client";
import { fromTagList, retagEc2, type Tags, tagsBesideDefaults, toTagList } from "../tags";
import type { Instance } from "./instance";
import { findInstance } from "./instanceCalls";

/**
 * A call of its own once the instance runs, whose refusal is logged and no more. ec2_instance.go, `resourceInstanceCreate`,
 * the loop over `blockDeviceTagsToCreate`.
 */
export async function tagRootVolume(aws: Aws, id: string, { rootBlockDevice }: Instance): Promise<void> {
  const given = toTagList(rootBlockDevice?.tags);
  const instance = given.length > 0 ? await findInstance(aws, id) : undefined;
  const volumeId = instance?.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === instance.RootDeviceName)?.Ebs
    ?.VolumeId;
  if (volumeId) {
    await aws.ec2.send(new CreateTagsCommand({ Resources: [volumeId], Tags: given })).catch(() => undefined);
  }
}

/**
 * The tags of all volumes of an instance as one, also of those that others have attached, without default tags.
 * ec2_instance.go, `resourceInstanceRead`: `readVolumeTags`, `RemoveDefaultConfig`.
 */
export async function readVolumeTags(aws: Aws, id: string): Promise<Tags> {
  const Filters = [{ Name: "resource-id", Values: await volumesOf(aws, id) }];
  const { Tags: found = [] } = await aws.ec2.send(new DescribeTagsCommand({ Filters }));
  return tagsBesideDefaults(fromTagList(found), aws);
}

/** ec2_instance.go, `resourceInstanceUpdate`, branch `volume_tags`: also of volumes that others have attached. */
export async function changeVolumeTags(aws: Aws, id: string, old?: Tags, next?: Tags): Promise<void> {
  await changeTags(aws, await volumesOf(aws, id), old, next);
}

export async function changeTags(aws: Aws, volumes: string[], old: Tags = {}, next: Tags = {}): Promise<void> {
  const add = Object.fromEntries(Object.entries(next).filter(([key, value]) => old[key] !== value));
  const remove = Object.keys(old).filter((key) => next[key] === undefined);
  for (const volume of volumes) await retagEc2(aws, volume, add, remove, {});
}

/** ec2_instance.go, `readBlockDevices`: volumes that others have attached are the instance's, too. */
export async function readBlockDevices(aws: Aws, instance: Ec2Instance, state: Instance): Promise<Properties> {
  const mappings = instance.BlockDeviceMappings ?? [];
  const VolumeIds = mappings.flatMap(({ Ebs }) => Ebs?.VolumeId ?? []);
  if (VolumeIds.length === 0) return {};
  const { Volumes = [] } = await aws.ec2.send(new DescribeVolumesCommand({ VolumeIds }));
  const isTagged = Object.keys(state.volumeTags ?? {}).length > 0;
  const devices = mappings.flatMap(({ DeviceName: deviceName, Ebs }) => {
    const volume = Volumes.find(({ VolumeId }) => VolumeId === Ebs?.VolumeId);
    if (!volume) return [];
    const isRoot = deviceName === instance.RootDeviceName;
    const device = { ...describe(volume, aws, !isTagged), deviceName, deleteOnTermination: Ebs?.DeleteOnTermination };
    return [{ isRoot, device, ebs: { ...device, snapshotId: volume.SnapshotId ?? "" } }];
  });
  const attached = devices.filter(({ isRoot }) => !isRoot);
  // The provider puts the root here, where the state has a device and none is left.
  const isLeft = attached.length > 0 || (state.ebsBlockDevices ?? []).length === 0;
  return {
    rootBlockDevice: devices.find(({ isRoot }) => isRoot)?.device,
    ebsBlockDevices: (isLeft ? attached : devices).map(({ ebs }) => ebs),
  };
}

function describe(volume: Volume, aws: Aws, hasTags: boolean): Properties {
  const all = Object.fromEntries(Object.entries(fromTagList(volume.Tags)).filter(([key]) => !key.startsWith("aws:")));
  return {
    encrypted: volume.Encrypted,
    iops: volume.Iops,
    kmsKeyId: volume.KmsKeyId ?? "",
    throughput: volume.Throughput ?? 0,
    volumeId: volume.VolumeId,
    volumeSize: volume.Size,
    volumeType: volume.VolumeType,
    ...(hasTags && { tags: tagsBesideDefaults(all, aws), tagsAll: all }),
  };
}

async function volumesOf({ ec2 }: Aws, id: string): Promise<string[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  return Volumes.map(({ VolumeId = "" }) => VolumeId);
}
