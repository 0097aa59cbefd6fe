import * as pulumi from "@pulumi/pulumi";

import type { Access, RunNode } from "./build/node";
import type { BuildSession } from "./build/session";
import { type BuilderArgs, normaliseBuilder } from "./builderArguments";
import { resolveNodes, startSession } from "./builderSession";
import type { Ec2Connection } from "./ec2/connection";
import { ec2Session } from "./ec2/session";
import type { NodeArgs } from "./nodes/arguments";
import { createEc2Nodes } from "./nodes/ec2/nodes";
import type { NormalEc2 } from "./nodes/ec2/normalise";
import { awsSettings } from "./nodes/ec2/provider";
import { shortHash } from "./paths";
import { isNativeOn, type Platform } from "./platforms";
import { resolved } from "./resolved";
import { asResourceError } from "./resourceError";
import type { NamedNode } from "./validate";

const builderType = "multi-platform-image:index:Builder";
/** A node of a {@link Builder}, as its output shows it. */
export interface BuildNode {
  /** The node's name in the builder. */
  name: string;
  kind: NodeArgs["kind"];
  platform: Platform;
  /** `false` for a `local` node of another platform than this machine's: good for Dockerfiles without RUN. */
  native: boolean;
  /** The EC2 instance, for nodes of kind `ec2`. */
  instanceId?: string;
}

/**
 * One buildx builder of several nodes, each building its own platform natively.
 *
 * Nodes wake in a hook of an image that must be built, and the builder is registered then, on the machine that runs
 * `pulumi up`. An `up` without a change calls no node.
 *
 * ```ts
 * const builder = new Builder("builders");                    // two EC2 instances, stopped when idle
 * new MultiPlatformImage("api", { context: "./api", repository, builder });
 *
 * const mixed = new Builder("mixed", {
 *   nodes: [
 *     { kind: "ec2", platform: "linux/arm64", instanceType: "c8g.2xlarge" },
 *     { kind: "remote", platform: "linux/amd64", endpoint: "tcp://10.0.1.7:1234", tls },
 *   ],
 * });
 * ```
 *
 * **Cost** of the two default EC2 nodes in us-east-1, on demand: about $0.16 an hour for c8g.xlarge and $0.21 for
 * c7a.xlarge while they run; whether they run or not, about $28 a month for their volumes (100 GB of gp3 at 250 MiB/s and
 * 10 GB for the system, each). A public IPv4 address is $0.005 an hour while a node runs. `persistent` nodes run all the
 * time: about $270 a month more.
 * @see https://aws.amazon.com/ec2/pricing/on-demand/ https://aws.amazon.com/ebs/pricing/
 */
export class Builder extends pulumi.ComponentResource {
  /**
   * The name under which buildx knows this builder: the resource's name and a hash of organization, project, stack and
   * place in the program. The same on every machine, and whatever the nodes are, so that neither rebuilds an image.
   */
  public readonly builderName: pulumi.Output<string>;
  /** The nodes, in their order. */
  public readonly nodes: pulumi.Output<BuildNode[]>;

  /** @internal */
  readonly declaredNodes: readonly NamedNode[];
  private readonly wakeTimeoutSeconds: number;
  private readonly others: Promise<RunNode[]>;
  private readonly ec2: pulumi.Output<Ec2Connection> | undefined;
  private openSession?: Promise<BuildSession>;

  /**
   * @param name the resource's name, and the beginning of the builder's.
   * @throws pulumi.ResourceError with an empty list of nodes, with two for one platform, endpoint or name, or with a wrong
   * value.
   */
  constructor(name: string, args: BuilderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Without args: they would be kept in the state, and TLS keys with them.
    super(builderType, name, {}, opts);
    const normal = asResourceError(this, () => normaliseBuilder(name, args));
    this.declaredNodes = normal.nodes;
    this.wakeTimeoutSeconds = normal.wakeTimeoutSeconds;
    // Without the dependency on this component that `urn` carries: its children, which need the name, would wait for it
    // and it for them.
    this.builderName = pulumi.output(resolved(this.urn).then((urn) => registeredName(name, urn)));
    this.ec2 = this.createEc2(name, normal.ec2);
    this.others = resolveNodes(normal.nodes, normal.idleTimeoutMinutes);
    // Told by the hook that asks for the nodes, if any does.
    this.others.catch(() => undefined);
    this.nodes = this.describeNodes();
    this.registerOutputs({ builderName: this.builderName, nodes: this.nodes });
  }

  /**
   * The nodes at run time, made when the first hook asks.
   * @internal
   */
  session(): Promise<BuildSession> {
    this.openSession ??= this.startSession();
    return this.openSession;
  }

  private createEc2(name: string, ec2: NormalEc2): pulumi.Output<Ec2Connection> | undefined {
    const { builderName, wakeTimeoutSeconds } = this;
    return ec2.nodes.length > 0 ? createEc2Nodes(this, name, { ...ec2, builderName, wakeTimeoutSeconds }) : undefined;
  }

  private describeNodes(): pulumi.Output<BuildNode[]> {
    // What is secret of a connection is its key alone.
    const instances = this.ec2 ? pulumi.unsecret(this.ec2).nodes : pulumi.output<Ec2Connection["nodes"]>([]);
    return instances.apply((made) =>
      this.declaredNodes.map(({ name, kind, platform }) => ({
        name,
        kind,
        platform,
        native: kind !== "local" || isNativeOn(platform, process.arch),
        ...(kind === "ec2" && { instanceId: made.find((each) => each.name === name)?.instanceId }),
      })),
    );
  }

  private async startSession(): Promise<BuildSession> {
    const [builderName, others, ec2] = await Promise.all([resolved(this.builderName), this.others, this.startEc2()]);
    const all = [...others, ...(ec2?.nodes ?? [])];
    const nodes = this.declaredNodes.flatMap(({ name }) => all.filter((node) => node.name === name));
    return startSession(builderName, this.declaredNodes, nodes, this.wakeTimeoutSeconds, ec2?.access);
  }

  private async startEc2(): Promise<{ nodes: RunNode[]; access: Access } | undefined> {
    if (!this.ec2) {
      return undefined;
    }
    return ec2Session(await resolved(this.ec2), await awsSettings(this));
  }
}

/** Unique where URNs are: two builders of one name would write the same registration, each its own nodes. */
function registeredName(name: string, urn: string): string {
  const words = name.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
  const begun = /^[a-z]/.test(words) ? words : `b${words}`;
  return `${begun}-${shortHash(`${organization()} ${urn}`)}`;
}

function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    // Unit tests of users' programs rarely name one: https://www.pulumi.com/docs/iac/concepts/testing/unit/
    return "organization";
  }
}
