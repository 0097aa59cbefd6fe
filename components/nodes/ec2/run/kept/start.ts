import type { Instance } from "@aws-sdk/client-ec2";

import type { Waiting } from "../../../node";
import type { Progress } from "../../../../support/progress";
import { BuildError } from "../../../../support/errors";
import { codeOf, describeAwsError, isTransient, shortMessage } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import type { Ec2ConnectionNode } from "../../connection";
import { describeReason } from "../diagnosis";
import { describeStartFailure } from "../../startErrors";

/** EC2 may show for a moment what was before a start. */
const lateMilliseconds = 5_000;
/** A node that stops so often while somebody needs it does not do so by chance. */
const mostStarts = 3;
const ownShutdown = /^(|Client\.(User|Instance)InitiatedShutdown)$/;

/** Starts a node's instance, and finds out why it stopped again. */
export class Starter {
  private starts: number[] = [];
  /** Whether it ran since the last start. If so, a later stop is not a failed start. */
  private hasRun = false;

  constructor(
    private readonly node: Ec2ConnectionNode,
    private readonly wakeTimeoutSeconds: number,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  /** Whether we have started it, as far as that still matters. */
  get hasStarted(): boolean {
    return this.starts.length > 0;
  }

  /** The instance runs. */
  sawRunning(): void {
    this.hasRun = true;
  }

  /** Has a stopped instance started, once. */
  async start(instance: Instance, progress: Progress): Promise<Waiting> {
    const now = Date.now();
    this.starts = this.starts.filter((at) => now - at < this.wakeTimeoutSeconds * 1_000);
    const starting: Waiting = { waitingFor: `instance ${this.node.instanceId} to start` };
    if (now - (this.starts.at(-1) ?? 0) < lateMilliseconds && ownShutdown.test(instance.StateReason?.Code ?? "")) {
      return starting;
    }
    this.checkStarts(instance);
    progress(`starting node ${this.node.name} (${this.node.instanceId})`);
    const { ec2, arn, identity } = await this.clients();
    try {
      await ec2.startInstances({ InstanceIds: [this.node.instanceId] });
    } catch (error) {
      const code = codeOf(error);
      const explained = describeStartFailure(code, shortMessage(error), this.node.name, instance);
      // Another caller, or the node itself, was faster: the next look shows what it is now.
      if (!explained && (code === "IncorrectInstanceState" || isTransient(error))) {
        return { waitingFor: `AWS to start instance ${this.node.instanceId} (${code})` };
      }
      const resource = arn("ec2", `instance/${this.node.instanceId}`);
      throw explained ?? describeAwsError(error, { action: "ec2:StartInstances", resource, identity });
    }
    this.starts.push(now);
    this.hasRun = false;
    return starting;
  }

  /** Stopped again after our start: by AWS before it ran, which says why, or by itself. */
  private checkStarts(instance: Instance): void {
    const { Code = "", Message = "" } = instance.StateReason ?? {};
    const subject = `node ${this.node.name} (${this.node.instanceId})`;
    if (this.starts.length > 0 && !this.hasRun && !ownShutdown.test(Code)) {
      const [origin, code] = Code.split(".");
      const fix =
        origin === "Server" ? "try again later" : "repair what this names (a volume, or a KMS key and its policy)";
      throw (
        describeStartFailure(code ?? origin, Message, this.node.name, instance) ??
        new BuildError(`${subject} was started and stopped again${describeReason(instance)}. Fix: ${fix}.`)
      );
    }
    if (this.starts.length >= mostStarts) {
      throw new BuildError(
        `${subject} was started ${this.starts.length} times and stopped each time${describeReason(instance)}. ` +
          "Fix: look at its console (`aws ec2 get-console-output --latest`), and at `maxLifetimeMinutes`.",
      );
    }
  }
}
