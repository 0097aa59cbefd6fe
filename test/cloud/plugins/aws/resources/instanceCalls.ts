import {
  DescribeInstancesCommand,
  type Instance,
  type InstanceStateName,
  StartInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";

import type { Aws } from "../client";
import { unless } from "../errors";
import { waitUntil } from "../wait";

/** Undefined: there is none, or there was one. */
export async function findInstance({ ec2 }: Aws, id: string): Promise<Instance | undefined> {
  const answer = await ec2
    .send(new DescribeInstancesCommand({ InstanceIds: [id] }))
    .catch(unless("InvalidInstanceID.NotFound"));
  const instance = answer?.Reservations?.[0]?.Instances?.[0];
  return instance?.State?.Name === "terminated" ? undefined : instance;
}

/** Fails when the instance goes elsewhere: what was launching is terminated, for one. */
export async function waitForState(
  aws: Aws,
  id: string,
  target: InstanceStateName,
  limitSeconds: number,
): Promise<Instance> {
  const passing = target === "stopped" ? ["pending", "running", "stopping", "shutting-down"] : ["pending", "stopped"];
  return waitUntil(`state to become '${target}'`, limitSeconds, async () => {
    const answer = await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const instance = answer.Reservations?.[0]?.Instances?.[0];
    const state = instance?.State?.Name;
    if (!instance || state === target) return instance;
    if (!state || passing.includes(state)) return undefined;
    const reason = instance.StateReason?.Message;
    throw new Error(`unexpected state '${state}', wanted target '${target}'. last error: ${reason ?? "%!s(<nil>)"}`);
  });
}

/**
 * Changes what can only be changed while the instance is stopped. It runs afterwards, also if it did not before.
 * ec2_instance.go, `modifyInstanceAttributeWithStopStart`; https://github.com/hashicorp/terraform-provider-aws/issues/1998
 */
export async function whileStopped(aws: Aws, id: string, change: () => Promise<unknown>): Promise<void> {
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await waitForState(aws, id, "stopped", 600);
  await change();
  await aws.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  await waitForState(aws, id, "running", 600);
}
