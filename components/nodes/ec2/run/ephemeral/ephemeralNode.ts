import type { Instance } from "@aws-sdk/client-ec2";

import { clientCertificateProblem } from "../../../../transport/clientCertificate";
import type { Endpoint } from "../../../../transport/endpoint";
import type { RunNode, Waiting } from "../../../node";
import type { Progress } from "../../../../support/progress";
import { BuildError } from "../../../../support/errors";
import type { Platform } from "../../../../support/platforms";
import { describeAwsError, isTransient } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import type { Ec2Connection, Ec2EphemeralNode } from "../../connection";
import { ConsoleWatch } from "../consoleWatch";
import { describeReason, diagnoseInstance } from "../diagnosis";
import { describeCutWay } from "../cutWay";
import { Instances } from "../instances";
import { letInWhileSilent } from "../silence";
import { usualFirstBoot } from "../../usual";
import { endpointOf } from "../instanceEndpoint";
import { CacheVolume } from "./cacheVolume";
import { Launcher, type NewInstance } from "./launch";
import type { Launched } from "./launched";

/** EC2 may not know at once of an instance that it has just made. */
const lateMilliseconds = 20_000;
/** A node that ends so often within the time of one wake does not do so by chance. */
const mostLaunches = 3;

interface Current extends NewInstance {
  /** Its type, once EC2 was asked. */
  machine?: string;
  since: number;
  cache: CacheVolume;
  /** Whether it is decided if the cache comes. */
  isCacheSettled: boolean;
  console: ConsoleWatch;
  instances: Instances;
}

/** A node of which each update launches its own. */
export class EphemeralNode implements RunNode {
  readonly name: string;
  readonly platform: Platform;
  readonly native = true;
  readonly wake: RunNode["wake"];
  readonly usual = () => usualFirstBoot;
  private readonly launcher: Launcher;
  private current?: Current;
  private saidFault?: string;
  private launchedAt: number[] = [];
  private capacityType: Ec2EphemeralNode["capacityType"];

  constructor(
    private readonly connection: Ec2Connection,
    private readonly node: Ec2EphemeralNode,
    private readonly launched: Launched,
    private readonly letIn: () => Promise<boolean>,
    private readonly clients: () => Promise<AwsClients>,
  ) {
    this.name = node.name;
    this.platform = node.platform;
    this.capacityType = node.capacityType;
    this.launcher = new Launcher(node, connection.region, clients);
    this.wake = letInWhileSilent((progress) => this.step(progress), letIn);
  }

  get address(): string {
    const which = this.current ? `EC2 instance ${this.current.instanceId}` : "an EC2 instance of this update";
    return `${which} in ${this.connection.region}`;
  }

  machine(): string | undefined {
    return this.current?.machine;
  }

  async replace(isInUse: boolean, progress: Progress): Promise<boolean> {
    const { current } = this;
    if (!current) {
      return true;
    }
    const fault = await this.ownFault(current);
    if (fault) {
      if (fault !== this.saidFault) {
        progress(`node ${this.name} is silent, and is not given up: ${fault}`);
      }
      this.saidFault = fault;
      return false;
    }
    this.saidFault = undefined;
    progress(`node ${this.name} (${current.instanceId}) is given up, and another launched`);
    // What still builds there may end there; it is terminated with the others, or by itself.
    if (!isInUse) {
      await this.launched.terminate(progress, [current.instanceId]);
    }
    this.lose(current, progress);
    return true;
  }

  async diagnose(): Promise<string | undefined> {
    const { current } = this;
    if (!current) {
      return undefined;
    }
    try {
      const instance = await current.instances.describe(current.instanceId);
      return await diagnoseInstance(await this.clients(), current.instanceId, instance, this.connection);
    } catch {
      return undefined;
    }
  }

  private async step(progress: Progress): Promise<Endpoint | Waiting> {
    const problem = clientCertificateProblem(this.connection.tls, new Date());
    if (problem) {
      throw new BuildError(`node ${this.name}: ${problem} (\`pulumi up\` of the builder's stack does).`);
    }
    const { arn, identity } = await this.clients();
    this.forgetEnded();
    try {
      return this.current ? await this.follow(this.current, progress) : await this.launch(progress);
    } catch (error) {
      const resource = arn("ec2", `instance/${this.current?.instanceId ?? "*"}`);
      const failure = describeAwsError(error, { action: "ec2:DescribeInstances", resource, identity });
      if (isTransient(error)) {
        return { waitingFor: `AWS to answer: ${failure.message}` };
      }
      throw failure;
    }
  }

  /** Why another instance would not be reached either: this machine is not let in, or the way from it is cut. */
  private async ownFault({ instances, instanceId }: Current): Promise<string | undefined> {
    try {
      if (await this.letIn()) {
        return "this machine's address was another when it was let in";
      }
      instances.forget();
      const instance = await instances.describe(instanceId);
      const isRunning = instance?.State?.Name === "running";
      return isRunning ? await describeCutWay(await this.clients(), instance, this.connection) : undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** What this update has ended itself, between two images, was neither lost nor of no use. */
  private forgetEnded(): void {
    const { current } = this;
    if (current && this.launched.hasEnded(current.instanceId)) {
      this.launchedAt = this.launchedAt.filter((at) => at !== current.since);
      this.current = undefined;
    }
  }

  private async launch(progress: Progress): Promise<Waiting> {
    const now = Date.now();
    this.launchedAt = this.launchedAt.filter((at) => now - at < this.connection.wakeTimeoutSeconds * 1_000);
    if (this.launchedAt.length >= mostLaunches) {
      throw new BuildError(
        `node ${this.name} was launched ${this.launchedAt.length} times and ended each time. ` +
          "Fix: look at the consoles of these instances (`aws ec2 get-console-output`).",
      );
    }
    const made = await this.launcher.launch(this.capacityType, progress);
    if ("waitingFor" in made) {
      return made;
    }
    this.launchedAt.push(now);
    const { instanceId } = made;
    this.current = {
      ...made,
      since: now,
      cache: new CacheVolume(this.node, instanceId, this.clients),
      isCacheSettled: false,
      console: new ConsoleWatch(instanceId, this.clients),
      instances: new Instances({ nodes: [{ name: this.name, platform: this.platform, instanceId }] }, this.clients),
    };
    await this.launched.add(instanceId);
    return { waitingFor: `instance ${instanceId} to start` };
  }

  private async follow(current: Current, progress: Progress): Promise<Endpoint | Waiting> {
    const { instanceId } = current;
    const instance = await current.instances.describe(instanceId);
    const state = instance?.State?.Name;
    current.machine = instance?.InstanceType ?? current.machine;
    if (instance && state === "running") {
      return this.running(current, instance, progress);
    }
    if (state === "pending" || (state === undefined && Date.now() - current.since < lateMilliseconds)) {
      return { waitingFor: `instance ${instanceId} to start (${state ?? "not known yet"})` };
    }
    progress(`node ${this.name} (${instanceId}) is ${state ?? "gone"}${describeReason(instance)}`);
    await this.checkOwnEnd(current, instance);
    this.lose(current, progress);
    return { waitingFor: "another instance" };
  }

  private async running(current: Current, instance: Instance, progress: Progress): Promise<Endpoint | Waiting> {
    if (!current.isCacheSettled) {
      const cache = await current.cache.attach(instance.Placement?.AvailabilityZone ?? current.zone, progress);
      if (cache === "cold") {
        await this.launched.tellCold(current.instanceId);
      }
      if (cache !== "waiting") {
        current.isCacheSettled = true;
        const { InstanceType } = instance;
        progress(
          `node ${this.name} is ${current.instanceId} (${InstanceType}, ${current.capacityType}, ${cache === "cold" ? "cold cache" : "with its cache"})`,
        );
      }
    }
    const failure = await current.console.failure();
    if (failure !== undefined) {
      throw new BuildError(`node ${this.name} (${current.instanceId}) says: ${failure}`);
    }
    return endpointOf(instance, this.connection) ?? { waitingFor: "its address" };
  }

  /** One that powered off by itself before it was of any use would do so again. */
  private async checkOwnEnd({ instanceId, console }: Current, instance: Instance | undefined): Promise<void> {
    if (instance?.StateReason?.Code !== "Client.InstanceInitiatedShutdown") {
      return;
    }
    const failure = await console.failureNow();
    if (failure !== undefined) {
      throw new BuildError(`node ${this.name} (${instanceId}) says: ${failure}`);
    }
  }

  private lose(current: Current, progress: Progress): void {
    this.current = undefined;
    if (current.capacityType === "spot") {
      this.capacityType = "on-demand";
      progress(`node ${this.name} is launched on demand from now on: its spot instance was lost`);
    }
  }
}
