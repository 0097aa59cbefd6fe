import * as pulumi from "@pulumi/pulumi";

import type { BuildSession } from "../session/session";
import type { BuilderArgs } from "./builderArguments";
import type { NamedNode } from "./normalBuilder";
import { normaliseBuilder } from "./normaliseBuilder";
import type { BuilderConnection } from "./builderConnection";
import type { PreviewedNode } from "./preview";
import { type BuildNode, connectionSource, declaredSource, GivenConnection, type NodeSource } from "./builderSource";
import { failTestsOf, isMocked } from "../pulumi/mocks";
import { builderNameOf } from "../support/names";
import { engineAddress } from "../pulumi/engine";
import { resolved } from "../pulumi/resolved";
import { asResourceError } from "../pulumi/resourceError";
import { withoutTraces } from "../pulumi/traces";
import { indexName, nodeSetName, nodeSetOf } from "../nodes/nodeSets";

const builderType = "multi-platform-image:index:Builder";

/**
 * One buildx builder of several nodes, each building its own platform natively.
 *
 * When an image must be built, a hook of that image starts the nodes and registers the builder with buildx on the machine
 * that runs `pulumi up`. An update without a change calls no node.
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
 * **Cost** of the two default EC2 nodes in us-east-1, on demand: about $0.09 an hour for m8g.large and $0.12 for
 * m7a.large while they run; whether they run or not, about $6 a month for their volumes (30 GB of gp3, and 8 GB for the
 * system, each), and $0.20 for their two alarms (an account's first ten alarms are free). A public IPv4 address is $0.005 an hour while a node runs. `persistent` nodes run all the time: about $157
 * a month more. The nodes take 4 vCPUs of the account's quota, which is 5 in a new account.
 * @see https://aws.amazon.com/ec2/pricing/on-demand/ https://aws.amazon.com/ebs/pricing/
 */
export class Builder extends pulumi.ComponentResource {
  /**
   * The name under which buildx knows this builder: the resource's name and a hash of organization, project, stack and
   * position in the program. Another machine or another type of node changes no name. With several nodes of one platform
   * there are several such names: see `nodes`.
   */
  public readonly builderName: pulumi.Output<string>;
  /** The nodes, in their order. */
  public readonly nodes: pulumi.Output<BuildNode[]>;

  private readonly source: NodeSource;
  private sessions?: Promise<BuildSession[]>;

  /**
   * @param name the resource's name, and the beginning of the builder's.
   * @throws pulumi.ResourceError with an empty list of nodes, with two for one endpoint or name, if a `local` node and
   * another node have the same platform, or with a wrong value.
   */
  constructor(name: string, args?: BuilderArgs, opts?: pulumi.ComponentResourceOptions);
  /** @internal */
  constructor(name: string, connection: GivenConnection, opts?: pulumi.ComponentResourceOptions);
  constructor(name: string, args: BuilderArgs | GivenConnection = {}, opts?: pulumi.ComponentResourceOptions) {
    // Without args: they would be kept in the state, and TLS keys with them.
    super(builderType, name, {}, opts);
    if (isMocked()) {
      failTestsOf(name);
    }
    // Without the dependency on this component that `urn` carries: its children, which need the name, would wait for it
    // and it for them.
    this.builderName = pulumi.output(resolved(this.urn).then((urn) => builderNameOf(name, organization(), urn)));
    this.source =
      args instanceof GivenConnection
        ? connectionSource(this, name, args, this.builderName)
        : declareSource(this, name, args, this.builderName);
    this.nodes = this.source.nodes;
    this.registerOutputs(this.source.registered);
  }

  /**
   * A builder of another stack's nodes, which are not resources of this one: the stack that has the builder exports its
   * `connection`, others build with it.
   *
   * ```ts
   * const farm = new pulumi.StackReference("acme/farm/production");
   * const builder = Builder.fromConnection("farm", farm.requireOutput("connection"));
   * new MultiPlatformImage("api", { context: "./api", repository, builder });
   * ```
   *
   * Each stack registers it under a name of its own, so that two updates never disturb each other. Nodes of kind `ec2` are started
   * with the credentials of this stack's aws provider (`aws:*` config, or an explicit one in `opts`), which must be of the
   * builder's account and with the policy `build` of docs/iam.md. Nodes of kind `kubernetes` are started with this stack's
   * kubernetes provider (docs/kubernetes.md). Whether each platform of an image has a node is
   * checked when it is built.
   *
   * @param connection {@link Builder.connection} of the other stack, a secret: from a `pulumi.StackReference`, or, where
   * the stacks are in different backends, from `config.requireSecretObject`.
   * @throws pulumi.ResourceError when `connection` is not there, is not secret, or was made by another release.
   */
  static fromConnection(
    name: string,
    connection: pulumi.Input<BuilderConnection>,
    opts?: pulumi.ComponentResourceOptions,
  ): Builder {
    return new Builder(name, new GivenConnection(connection), opts);
  }

  /**
   * All that other stacks need to build on these nodes, for {@link Builder.fromConnection}. A secret: it holds the private
   * key of a client. Where a program exports it, it is in the state, encrypted; with `ec2` nodes the key is also in
   * the parameter `…/connection`, with `kubernetes` nodes in a Secret of their namespace.
   *
   * @throws pulumi.ResourceError when a node is `local`, because nobody else can reach it.
   */
  get connection(): pulumi.Output<BuilderConnection> {
    return this.source.connection();
  }

  /**
   * None where the nodes are another stack's: they are known at run time.
   * @internal
   */
  get declaredNodes(): readonly NamedNode[] {
    return this.source.declaredNodes;
  }

  /**
   * Registries that the nodes reach without TLS, as far as they are declared here.
   * @internal
   */
  get insecureRegistries(): readonly string[] {
    return this.source.insecureRegistries;
  }

  /**
   * The nodes as a preview describes them.
   * @internal
   */
  previewed(): Promise<readonly PreviewedNode[] | undefined> {
    return this.source.previewed();
  }

  /**
   * The name under which buildx knows the nodes that build a resource's image: see `nodes` of {@link BuilderArgs}.
   * @internal
   */
  builderNameFor(image: pulumi.Resource): pulumi.Output<string> {
    const { nodeSetCount } = this.source;
    if (nodeSetCount === 1) {
      return this.builderName;
    }
    // Without the dependency on the image's component, as above.
    return pulumi
      .all([this.builderName, nodeSetCount, resolved(image.urn)])
      .apply(([builderName, count, urn]) => nodeSetName(builderName, nodeSetOf(urn, count)));
  }

  /**
   * The name under which buildx knows the one of those nodes that pushes the index of what they have pushed.
   * @internal
   */
  indexBuilderNameFor(image: pulumi.Resource): pulumi.Output<string> {
    return this.builderNameFor(image).apply(indexName);
  }

  /**
   * The nodes that build a resource's image, at run time: made when the first hook asks.
   * @internal
   */
  async session(imageUrn: string): Promise<BuildSession> {
    this.sessions ??= this.startSessions();
    const sessions = await this.sessions;
    return sessions[nodeSetOf(imageUrn, sessions.length)];
  }

  private async startSessions(): Promise<BuildSession[]> {
    // What runs in hooks: an update without a build has no use for it. And import() takes twice as long.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { startSessions } = require("./openSession") as typeof import("./openSession");
    return startSessions(await resolved(this.source.reachable()), this, engineAddress());
  }
}

function declareSource(
  builder: Builder,
  name: string,
  args: BuilderArgs,
  builderName: pulumi.Output<string>,
): NodeSource {
  const normal = asResourceError(builder, () => normaliseBuilder(name, args));
  return withoutTraces(() => declaredSource(builder, name, normal, builderName));
}

function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    // Unit tests of users' programs rarely name one: https://www.pulumi.com/docs/iac/concepts/testing/unit/
    return "organization";
  }
}
