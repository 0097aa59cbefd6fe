import type { Instance } from "@aws-sdk/client-ec2";

import { clientCertificateProblem, renewal } from "../../../../transport/clientCertificate";
import type { Endpoint } from "../../../../transport/endpoint";
import type { RunNode, Waiting } from "../../../node";
import type { Progress } from "../../../../support/progress";
import { BuildError } from "../../../../support/errors";
import { describeAwsError, isTransient } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import type { Ec2Connection, Ec2ConnectionNode, NodeAddressing } from "../../connection";
import { ConsoleWatch } from "../consoleWatch";
import { describeReason, diagnoseInstance } from "../diagnosis";
import { endpointOf } from "../instanceEndpoint";
import type { Instances } from "../instances";
import { type StoppableNode, stopUnanswered } from "./restart";
import { Starter } from "./start";
import { usualFirstBoot, usualStart } from "../../usual";

/** EC2 may not know at once of an instance that it has just made, or of its address. */
const lateMilliseconds = 5_000;
/** Longer than any first boot takes. */
const bootMilliseconds = 300_000;

/** A builder's node on EC2, for those who build on it. */
export function ec2RunNode(stoppable: StoppableNode): RunNode {
  const { connection, node, instances, clients } = stoppable;
  const waker = new Waker(connection, node, instances, clients);
  return {
    name: node.name,
    platform: node.platform,
    additionalPlatforms: node.additionalPlatforms,
    native: true,
    address: `EC2 instance ${node.instanceId} in ${connection.region}`,
    wake: (progress) => waker.wake(progress),
    usual: () => waker.usual(),
    machine: () => waker.machine,
    diagnose: () => waker.diagnose(),
    giveUp: async (progress) => (waker.hasStarted ? stopUnanswered(stoppable, progress) : undefined),
  };
}

class Waker {
  private readonly subject: string;
  private readonly console: ConsoleWatch;
  private readonly starter: Starter;
  private missingSince?: number;
  private bootedAt?: Date;
  /** The type of its instance, once EC2 was asked. */
  machine?: string;

  constructor(
    private readonly connection: Ec2Connection,
    private readonly node: Ec2ConnectionNode,
    private readonly instances: Instances,
    private readonly clients: () => Promise<AwsClients>,
  ) {
    this.subject = `node ${node.name} (${node.instanceId})`;
    this.console = new ConsoleWatch(node.instanceId, clients);
    this.starter = new Starter(node, connection.wakeTimeoutSeconds, clients);
  }

  /** Whether the instance runs because of us. */
  get hasStarted(): boolean {
    return this.starter.hasStarted;
  }

  async wake(progress: Progress): Promise<Endpoint | Waiting> {
    const { tls, builderName } = this.connection;
    const problem = clientCertificateProblem(tls, new Date(), renewal(builderName));
    if (problem) {
      throw new BuildError(`${this.subject}: ${problem}.`);
    }
    const { arn, identity } = await this.clients();
    try {
      return await this.step(await this.instances.describe(this.node.instanceId), progress);
    } catch (error) {
      const resource = arn("ec2", `instance/${this.node.instanceId}`);
      const failure = describeAwsError(error, { action: "ec2:DescribeInstances", resource, identity });
      if (isTransient(error)) {
        return { waitingFor: `AWS to answer: ${failure.message}` };
      }
      throw failure;
    }
  }

  /** Of an instance that boots: one that has run for long is silent for another reason. */
  usual(): string | undefined {
    if (this.hasStarted) {
      return usualStart;
    }
    return Date.now() - (this.bootedAt?.getTime() ?? 0) < bootMilliseconds ? usualFirstBoot : undefined;
  }

  async diagnose(): Promise<string | undefined> {
    try {
      this.instances.forget();
      const instance = await this.instances.describe(this.node.instanceId);
      return await diagnoseInstance(await this.clients(), this.node.instanceId, instance, this.connection);
    } catch {
      return undefined;
    }
  }

  private async step(instance: Instance | undefined, progress: Progress): Promise<Endpoint | Waiting> {
    this.bootedAt = instance?.LaunchTime;
    this.machine = instance?.InstanceType ?? this.machine;
    if (!instance?.State?.Name) {
      return this.late("EC2 to know the instance", () => this.goneError("is not there"));
    }
    if (instance.State.Name === "running") {
      this.starter.sawRunning();
      return this.running(instance);
    }
    this.console.reset();
    this.missingSince = undefined;
    switch (instance.State.Name) {
      case "pending":
        return { waitingFor: `instance ${this.node.instanceId} to start (pending)` };
      case "stopping":
        return { waitingFor: `instance ${this.node.instanceId} to stop, so that it can be started again` };
      case "stopped": {
        const [waiting] = await Promise.all([this.starter.start(instance, progress), this.console.ignorePresent()]);
        this.instances.forget();
        return waiting;
      }
      case "shutting-down":
      case "terminated":
        throw this.goneError(`is ${instance.State.Name}${describeReason(instance)}`);
      default:
        return instance.State.Name satisfies never;
    }
  }

  private async running(instance: Instance): Promise<Endpoint | Waiting> {
    const endpoint = endpointOf(instance, this.connection);
    if (!endpoint) {
      return this.late("its address", () => {
        const [what, fix] = missingAddress[this.connection.addressing];
        return new BuildError(`${this.subject} runs without ${what}. Fix: ${fix}.`);
      });
    }
    this.missingSince = undefined;
    const failure = await this.console.failure();
    if (failure !== undefined) {
      throw new BuildError(`${this.subject} says: ${failure}`);
    }
    return endpoint;
  }

  private late(what: string, error: () => BuildError): Waiting {
    this.missingSince ??= Date.now();
    if (Date.now() - this.missingSince > lateMilliseconds) {
      this.missingSince = undefined;
      throw error();
    }
    return { waitingFor: what };
  }

  private goneError(what: string): BuildError {
    return new BuildError(
      `${this.subject} ${what}. Fix: run \`pulumi up --refresh\` for the stack of builder ${this.connection.builderName}, which makes a new node.`,
    );
  }
}

const missingAddress: Record<NodeAddressing, [what: string, fix: string]> = {
  public: [
    "a public IPv4 address",
    'set `addressing` to "private" where this machine reaches the VPC, or use a `subnetId` with an internet gateway',
  ],
  private: ["a private address", 'set `addressing` to "public"'],
  ipv6: ["an IPv6 address", 'use a `subnetId` with IPv6 addresses, or set `addressing` to "public"'],
};
