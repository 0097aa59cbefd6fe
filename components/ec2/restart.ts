import type { Progress, RunNode } from "../build/node";
import { describeAwsError } from "./awsErrors";
import type { AwsClients } from "./clients";
import type { Ec2Connection, Ec2ConnectionNode } from "./connection";
import type { Instances } from "./instances";
import { readLease } from "./lease";

/**
 * How a node that EC2 says runs, and that is silent, is had anew: its instance is stopped, and the next `wake` starts it,
 * on other hardware and at another address. Not while anybody else claims it: what is cut off from here may build there.
 */
export function restartSilent(
  connection: Ec2Connection,
  node: Ec2ConnectionNode,
  instances: Instances,
  clients: () => Promise<AwsClients>,
  ownClaim: string,
): NonNullable<RunNode["replace"]> {
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
      return refuse("another build of this `up` still has a connection to it");
    }
    const { ec2, now, arn, identity } = await clients();
    try {
      instances.forget();
      if ((await instances.describe(node.instanceId))?.State?.Name !== "running") {
        // Whatever it does, `wake` has it running again.
        return false;
      }
      const lease = await readLease(await clients(), connection.builderName);
      const others = Object.entries(lease).filter(([claim, until]) => claim !== ownClaim && until > now() / 1_000);
      if (others.length > 0) {
        return refuse(`it is claimed by ${others.map(([claim]) => claim).join(", ")}, too`);
      }
      progress(`${subject} is silent: it is stopped, to start on another host`);
      // A guest that hangs, or is cut off from what it waits for, does not end by itself in good time. What it loses is what
      // it would in a crash: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
      await ec2.stopInstances({ InstanceIds: [node.instanceId], SkipOsShutdown: true });
    } catch (error) {
      const resource = arn("ec2", `instance/${node.instanceId}`);
      return refuse(describeAwsError(error, { action: "ec2:StopInstances", resource, identity }).message);
    }
    instances.forget();
    reason = undefined;
    return true;
  };
}
