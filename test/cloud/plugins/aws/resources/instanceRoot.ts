import { ModifyVolumeCommand, type ModifyInstanceAttributeCommandInput } from "@aws-sdk/client-ec2";

import type { Change } from "../../protocol/resource";
import type { Aws } from "../client";
import { during } from "../errors";
import type { Instance } from "./instance";
import { findInstance } from "./instanceCalls";
import { changeTags } from "./instanceVolumes";

/** Changes one attribute of the instance. */
export type Modify = (attribute: Omit<ModifyInstanceAttributeCommandInput, "InstanceId">) => Promise<unknown>;

/** ec2_instance.go, `resourceInstanceUpdate`, branch `root_block_device.0`. */
export async function changeRoot(
  aws: Aws,
  id: string,
  { state, planned, changed }: Change<Instance>,
  modify: Modify,
): Promise<void> {
  const root = planned.rootBlockDevice ?? {};
  const volumeId = state.rootBlockDevice?.volumeId ?? "";
  const ifChanged = <T>(name: string, value: T): T | undefined =>
    changed.has(`rootBlockDevice.${name}`) ? value : undefined;
  const volume = {
    Size: ifChanged("volumeSize", root.volumeSize),
    VolumeType: ifChanged("volumeType", root.volumeType) as "gp3" | undefined,
    Iops: ifChanged("iops", root.iops),
    Throughput: ifChanged("throughput", root.throughput),
  };
  if (Object.values(volume).some((value) => value !== undefined)) {
    await aws.ec2.send(new ModifyVolumeCommand({ VolumeId: volumeId, ...volume }));
  }
  if (changed.has("rootBlockDevice.deleteOnTermination")) {
    const Ebs = { DeleteOnTermination: root.deleteOnTermination };
    const instance = await findInstance(aws, id);
    await modify({ BlockDeviceMappings: [{ DeviceName: instance?.RootDeviceName, Ebs }] });
  }
  // Unlike in the create, a refusal fails the update.
  if (changed.has("rootBlockDevice.tags")) {
    await changeTags(aws, [volumeId], state.rootBlockDevice?.tags, root.tags).catch(
      during(`updating tags for volume (${volumeId})`),
    );
  }
}
