import { CreateTagsCommand, DescribeTagsCommand, DescribeVolumesCommand, type Tag } from "@aws-sdk/client-ec2";

import type { Aws } from "../client";
import { fromTagList, retagEc2, type Tags, toTagList } from "../tags";
import type { Instance } from "./instance";
import { findInstance } from "./instanceCalls";

/** Once the instance runs. The real provider logs a refusal, and goes on. */
export async function tagRootVolume(aws: Aws, id: string, { rootBlockDevice }: Instance): Promise<void> {
  const given = toTagList(rootBlockDevice?.tags);
  const instance = given.length > 0 ? await findInstance(aws, id) : undefined;
  const volumeId = instance?.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === instance.RootDeviceName)?.Ebs
    ?.VolumeId;
  if (volumeId) {
    await aws.ec2.send(new CreateTagsCommand({ Resources: [volumeId], Tags: given })).catch(() => undefined);
  }
}

/** The tags of all volumes of an instance as one, also of those that others have attached. */
export async function readVolumeTags(aws: Aws, id: string): Promise<Tags> {
  const Filters = [{ Name: "resource-id", Values: await volumesOf(aws, id) }];
  const { Tags: found = [] } = await aws.ec2.send(new DescribeTagsCommand({ Filters }));
  const isOwn = ({ Key = "", Value }: Tag) => !Key.startsWith("aws:") && aws.defaultTags[Key] !== Value;
  return fromTagList(found.filter(isOwn));
}

export async function changeVolumeTags(aws: Aws, id: string, old: Tags = {}, next: Tags = {}): Promise<void> {
  const add = Object.fromEntries(Object.entries(next).filter(([key, value]) => old[key] !== value));
  const remove = Object.keys(old).filter((key) => next[key] === undefined);
  for (const volume of await volumesOf(aws, id)) await retagEc2(aws, volume, add, remove, {});
}

async function volumesOf({ ec2 }: Aws, id: string): Promise<string[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [id] }];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  return Volumes.map(({ VolumeId = "" }) => VolumeId);
}
