import * as crypto from "node:crypto";

import type { CreateFleetInstance } from "@aws-sdk/client-ec2";

import type { Waiting } from "../../../node";
import type { Progress } from "../../../../support/progress";
import { codeOf, describeAwsError, isTransient, shortMessage } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import type { Ec2EphemeralNode } from "../../connection";
import { type CapacityType, fleetRequest, classifyFleetErrors, launchSteps, noCapacity } from "./fleet";

/** An instance that was launched just now. */
export interface NewInstance {
  instanceId: string;
  zone: string;
  capacityType: CapacityType;
}

/** Launches one instance for a node; on demand where there is no spot capacity. */
export class Launcher {
  /** Asked again each second, reported once. */
  private reported?: CapacityType;
  /** A request that may not have been answered: the same one does not launch twice. */
  private asked?: { token: string; capacityType: CapacityType };
  /** How many steps had no capacity: see {@link launchSteps}. */
  private emptySteps = 0;

  constructor(
    private readonly node: Ec2EphemeralNode,
    private readonly region: string,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  async launch(wanted: CapacityType, progress: Progress): Promise<NewInstance | Waiting> {
    const { name, instanceTypes } = this.node;
    // With its token goes what it asked for: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    this.asked ??= { token: crypto.randomUUID(), capacityType: wanted };
    const { token, capacityType } = this.asked;
    if (this.reported !== capacityType) {
      this.reported = capacityType;
      progress(`launching node ${name} (${capacityType}; ${instanceTypes.join(", ")})`);
    }
    const { ec2, arn, identity } = await this.clients();
    try {
      const step = launchSteps(this.node)[this.emptySteps] ?? [];
      const { Instances, Errors } = await ec2.createFleet(fleetRequest(this.node, step, capacityType, token));
      this.asked = undefined;
      const [made] = Instances ?? [];
      if (made?.InstanceIds?.[0]) {
        this.reported = undefined;
        this.emptySteps = 0;
        return this.describe(made, capacityType);
      }
      return await this.retry(classifyFleetErrors(this.node, this.region, Errors ?? []), capacityType, progress);
    } catch (error) {
      if (isTransient(error)) {
        return { waitingFor: `AWS to launch it (${codeOf(error)}: ${shortMessage(error)})` };
      }
      this.asked = undefined;
      const failure = classifyFleetErrors(this.node, this.region, [
        { ErrorCode: codeOf(error), ErrorMessage: shortMessage(error) },
      ]);
      if (failure.kind === "late") {
        return { waitingFor: failure.why };
      }
      throw describeAwsError(error, { action: "ec2:CreateFleet", resource: arn("ec2", "fleet/*"), identity });
    }
  }

  private async retry(
    failure: ReturnType<typeof classifyFleetErrors>,
    capacityType: CapacityType,
    progress: Progress,
  ): Promise<NewInstance | Waiting> {
    switch (failure.kind) {
      case "final":
        this.emptySteps = 0;
        throw failure.error;
      case "late":
        return { waitingFor: failure.why };
      case "no-capacity":
        this.emptySteps += 1;
        if (this.emptySteps < launchSteps(this.node).length) {
          return this.launch(capacityType, progress);
        }
        this.emptySteps = 0;
        if (capacityType === "on-demand") {
          throw noCapacity(this.node, this.region, failure.why);
        }
        progress(`node ${this.node.name}: AWS has no spot capacity for it (${failure.why}); it is launched on demand`);
        return this.launch("on-demand", progress);
      default:
        return failure satisfies never;
    }
  }

  private describe(made: CreateFleetInstance, capacityType: CapacityType): NewInstance {
    const subnetId = made.LaunchTemplateAndOverrides?.Overrides?.SubnetId;
    const zone = this.node.subnets.find(({ id }) => id === subnetId)?.zone ?? "";
    return { instanceId: made.InstanceIds?.[0] ?? "", zone, capacityType };
  }
}
