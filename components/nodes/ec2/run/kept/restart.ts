import type { Instance } from "@aws-sdk/client-ec2";

import type { RunNode } from "../../../node";
import type { Progress } from "../../../../support/progress";
import { call } from "../awsErrors";
import { liveClaims } from "../claims";
import type { AwsClients } from "../awsClients";
import type { Ec2Connection, Ec2ConnectionNode } from "../../connection";
import { describeCutWay } from "../cutWay";
import type { Instances } from "../instances";
import { readLease } from "../lease";

/** A kept node, and all that is needed to decide whether its instance may be stopped. */
export interface StoppableNode {
  connection: Ec2Connection;
  node: Ec2ConnectionNode;
  instances: Instances;
  clients: () => Promise<AwsClients>;
  /** Whether a claim is of whoever would stop it. */
  isOwnClaim: (claim: string) => boolean;
}

/**
 * How a node that EC2 says runs, and that is silent, is replaced: its instance is stopped, and the next `wake` starts it,
 * on other hardware and at another address. Not where it is this machine that is cut off: EC2 itself is asked whether it
 * reaches the node. And not while anybody else claims the node: what is cut off from here may build there.
 * @param letIn lets this machine in where it is not let in any more, and says whether it has.
 */
export function restartSilent(
  stoppable: StoppableNode,
  letIn: () => Promise<boolean>,
): NonNullable<RunNode["replace"]> {
  const { connection, node, instances, clients } = stoppable;
  const subject = `node ${node.name} (${node.instanceId})`;
  let reason: string | undefined;
  return async (isInUse: boolean, progress: Progress): Promise<boolean> => {
    const refuse = (why: string): false => {
      if (why !== reason) {
        progress(`${subject} is silent, and is not stopped: ${why}`);
      }
      reason = why;
      return false;
    };
    if (isInUse) {
      return refuse("another build of this update still has a connection to it");
    }
    try {
      const instance = await runningInstance(stoppable);
      if (!instance) {
        // Whatever it does, `wake` has it running again.
        return false;
      }
      if (await letIn()) {
        return refuse("this machine's address was another when it was let in");
      }
      const others = await otherClaims(stoppable);
      if (others.length > 0) {
        return refuse(`it is claimed by ${others.join(", ")}, too`);
      }
      const cut = await describeCutWay(await clients(), instance, connection);
      if (cut) {
        return refuse(cut);
      }
      progress(`${subject} is silent: it is stopped, to start on another host`);
      // A guest that hangs, or is cut off from what it waits for, does not end by itself in good time. What it loses is what
      // it would in a crash: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
      await stop(stoppable, true);
    } catch (error) {
      return refuse((error as Error).message);
    }
    instances.forget();
    reason = undefined;
    return true;
  };
}

/**
 * Stops a node that was started and never answered: one that hangs does not stop itself when it is idle. Not while others
 * wait for it, too.
 */
export async function stopUnanswered(stoppable: StoppableNode, progress: Progress): Promise<void> {
  const { node, instances } = stoppable;
  const subject = `node ${node.name} (${node.instanceId})`;
  try {
    if ((await runningInstance(stoppable)) && (await otherClaims(stoppable)).length === 0) {
      progress(`${subject} was started and never answered: it is stopped`);
      await stop(stoppable, false);
      instances.forget();
    }
  } catch (error) {
    progress(`${subject} never answered, and can't be stopped: ${(error as Error).message}`);
  }
}

async function runningInstance({ node, instances, clients }: StoppableNode): Promise<Instance | undefined> {
  const { arn, identity } = await clients();
  const resource = arn("ec2", `instance/${node.instanceId}`);
  instances.forget();
  const instance = await call({ action: "ec2:DescribeInstances", resource, identity }, () =>
    instances.describe(node.instanceId),
  );
  return instance?.State?.Name === "running" ? instance : undefined;
}

async function otherClaims({ connection, clients, isOwnClaim }: StoppableNode): Promise<string[]> {
  const aws = await clients();
  const live = liveClaims(await readLease(aws, connection.builderName), aws.now() / 1_000);
  return Object.keys(live).filter((claim) => !isOwnClaim(claim));
}

async function stop({ node, clients }: StoppableNode, SkipOsShutdown: boolean): Promise<void> {
  const { ec2, arn, identity } = await clients();
  const resource = arn("ec2", `instance/${node.instanceId}`);
  await call({ action: "ec2:StopInstances", resource, identity }, () =>
    ec2.stopInstances({ InstanceIds: [node.instanceId], SkipOsShutdown }),
  );
}
