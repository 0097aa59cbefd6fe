import type { Instance } from "@aws-sdk/client-ec2";

import type { Progress } from "../../../../support/progress";
import { codeOf, describeAwsError, isTransient } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import type { Ec2EphemeralNode } from "../../connection";

/** What is about to let go of the volume has let go by then; the instance boots meanwhile. */
const patienceMilliseconds = 30_000;
const passing = ["IncorrectState", "IncorrectInstanceState"];

/** Gets the cache to one instance, or says why not: a build is never kept waiting for it. */
export class CacheVolume {
  private readonly since = Date.now();

  constructor(
    private readonly node: Ec2EphemeralNode,
    private readonly instanceId: string,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  /** Called each second while the instance boots. */
  async attach(zone: string, progress: Progress): Promise<"attached" | "waiting" | "cold"> {
    const { id, zone: own } = this.node.cacheVolume;
    if (zone !== own) {
      return this.cold(`the instance is in ${zone}, its cache in ${own}`, progress);
    }
    const { ec2, arn, identity } = await this.clients();
    try {
      await ec2.attachVolume({ VolumeId: id, InstanceId: this.instanceId, Device: "/dev/sdf" });
      return "attached";
    } catch (error) {
      const isPassing = passing.includes(codeOf(error)) || isTransient(error);
      const holder = codeOf(error) === "VolumeInUse" ? await this.holder() : undefined;
      if (holder === this.instanceId) {
        return "attached";
      }
      if ((isPassing || holder === "nobody") && Date.now() - this.since < patienceMilliseconds) {
        return "waiting";
      }
      const call = { action: "ec2:AttachVolume", resource: arn("ec2", `volume/${id}`), identity };
      return this.cold(holder ? `${id} is in use by ${holder}` : describeAwsError(error, call).message, progress);
    }
  }

  private cold(why: string, progress: Progress): "cold" {
    progress(`node ${this.node.name} builds with a cold cache: ${why}`);
    return "cold";
  }

  /** The instance that has the volume; "nobody" when that one is about to end. */
  private async holder(): Promise<string> {
    const { ec2 } = await this.clients();
    const { Volumes } = await ec2.describeVolumes({ VolumeIds: [this.node.cacheVolume.id] });
    const attachment = Volumes?.[0]?.Attachments?.[0];
    if (!attachment?.InstanceId || attachment.State === "detaching") {
      return "nobody";
    }
    if (attachment.InstanceId === this.instanceId) {
      return this.instanceId;
    }
    const Filters = [{ Name: "instance-id", Values: [attachment.InstanceId] }];
    const { Reservations } = await ec2.describeInstances({ Filters });
    const holder: Instance | undefined = Reservations?.flatMap((each) => each.Instances ?? [])[0];
    const isEnding = ["shutting-down", "terminated", undefined].includes(holder?.State?.Name);
    return isEnding ? "nobody" : attachment.InstanceId;
  }
}
