import * as pulumi from "@pulumi/pulumi";

import type { normaliseBuilder } from "./normaliseBuilder";
import { type BuilderConnection, parseConnection } from "./builderConnection";
import type { ReachableBuilder, ReachableNode } from "./openSession";
import type { Ec2Connection } from "../nodes/ec2/connection";
import type { NodeArgs } from "../nodes/arguments";
import { isNativeOn, type Platform } from "../support/platforms";
import { asResourceError, PlainResourceError } from "../pulumi/resourceError";
import { nodeSetsOf } from "../nodes/nodeSets";
import type { NamedNode } from "./checkNodes";

/** A node of a {@link Builder}, as its output shows it. */
export interface BuildNode {
  /** The node's name in the builder. */
  name: string;
  kind: NodeArgs["kind"];
  platform: Platform;
  /** What it builds besides, by emulation or without running any of it. */
  additionalPlatforms?: readonly Platform[];
  /** `false` for a `local` node of another platform than this machine's: good for Dockerfiles without RUN. */
  native: boolean;
  /** The EC2 instance, for nodes of kind `ec2`. */
  instanceId?: string;
}

/** With it come modules of the aws and tls providers: no other nodes need those. */
function ec2Nodes() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a constructor can't wait
  return require("../nodes/ec2/declare/nodes") as typeof import("../nodes/ec2/declare/nodes");
}

/** As above. */
function pods() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a constructor can't wait
  return require("../nodes/kubernetes/declare/nodes") as typeof import("../nodes/kubernetes/declare/nodes");
}

/** Where a builder has its nodes from: declared with it, or another stack's. */
export interface NodeSource {
  readonly nodes: pulumi.Output<BuildNode[]>;
  readonly nodeSetCount: pulumi.Input<number>;
  /** Kept in the builder's state. Must not reject: Pulumi would report it as a serialization failure. */
  readonly registered: pulumi.Inputs;
  /** @throws pulumi.ResourceError when the nodes can't be shared. */
  connection(): pulumi.Output<BuilderConnection>;
  /** All that hooks need, resolved when they ask. */
  reachable(): pulumi.Output<ReachableBuilder>;
}

/** Nodes that are declared with the builder: those of EC2 are made here. */
export function declaredSource(
  builder: pulumi.ComponentResource,
  name: string,
  normal: ReturnType<typeof normaliseBuilder>,
  builderName: pulumi.Output<string>,
): NodeSource {
  const { nodes: declared, ec2: ec2Args, kubernetesNodes, idleTimeoutMinutes, wakeTimeoutSeconds } = normal;
  const ec2 =
    ec2Args.nodes.length > 0
      ? ec2Nodes().createEc2Nodes(builder, name, { ...ec2Args, builderName, wakeTimeoutSeconds })
      : undefined;
  const kubernetes =
    kubernetesNodes.length > 0 && idleTimeoutMinutes !== null
      ? pods().createKubernetesNodes(builder, name, {
          ...normal,
          nodes: kubernetesNodes,
          builderName,
          idleTimeoutMinutes,
        })
      : undefined;
  const nodes = describeNodes(declared, ec2);
  const reachable = () => {
    const plain = declared.map((node) => plainNode(node, idleTimeoutMinutes));
    // The SDK's type of what is resolved names no unions.
    const all: unknown = pulumi.output({ builderName, wakeTimeoutSeconds, nodes: plain, ec2, kubernetes });
    return all as pulumi.Output<ReachableBuilder>;
  };
  return {
    nodes,
    nodeSetCount: nodeSetsOf(declared).length,
    registered: { builderName, nodes },
    reachable,
    connection: () => {
      const local = declared.find(({ kind }) => kind === "local");
      if (local) {
        const cause = `node ${local.name} is "local", and so of the machine that runs Pulumi alone`;
        throw new PlainResourceError(
          `Builder ${name}: \`connection\` can't be had: ${cause}. Fix: share a builder of "ec2" and "remote" nodes.`,
          builder,
        );
      }
      const unshared = declared.find(({ kind }) => kind === "kubernetes");
      if (unshared) {
        throw new PlainResourceError(
          `Builder ${name}: \`connection\` can't be had: node ${unshared.name} is "kubernetes", which other stacks can't build on yet. ` +
            'Fix: share a builder of "ec2" and "remote" nodes.',
          builder,
        );
      }
      return pulumi.secret(reachable().apply((plain) => ({ version: 1, ...plain }) as BuilderConnection));
    },
  };
}

/** The argument of `Builder.fromConnection`, told from arguments of a builder by its class. */
export class GivenConnection {
  constructor(readonly value: pulumi.Input<BuilderConnection>) {}
}

/** Nodes of another stack, as the connection of their builder tells. */
export function connectionSource(
  builder: pulumi.ComponentResource,
  name: string,
  given: GivenConnection,
  builderName: pulumi.Output<string>,
): NodeSource {
  const value = pulumi.output(given.value);
  const connection: pulumi.Output<BuilderConnection> = value.apply(async (plain) => {
    const isSecret = await pulumi.isSecret(value);
    return asResourceError(builder, () => parseConnection(`Builder ${name}`, plain, isSecret));
  });
  // What is secret of a connection is its keys alone.
  const nodes = pulumi.unsecret(connection).apply((known) => describeKnown(known.nodes, known.ec2));
  return {
    nodes,
    nodeSetCount: pulumi.unsecret(connection).apply((known) => nodeSetsOf(known.nodes).length),
    registered: { builderName },
    connection: () => connection,
    reachable: () => pulumi.all([connection, builderName]).apply(([known, own]) => ({ ...known, builderName: own })),
  };
}

function describeNodes(
  declared: readonly NamedNode[],
  ec2: pulumi.Output<Ec2Connection> | undefined,
): pulumi.Output<BuildNode[]> {
  return ec2
    ? pulumi.unsecret(ec2).apply((made) => describeKnown(declared, made))
    : pulumi.output(describeKnown(declared, undefined));
}

function describeKnown(
  nodes: readonly Pick<NamedNode, "name" | "kind" | "platform" | "additionalPlatforms">[],
  ec2: Ec2Connection | undefined,
): BuildNode[] {
  return nodes.map(({ name, kind, platform, additionalPlatforms }) => ({
    name,
    kind,
    platform,
    ...(additionalPlatforms && { additionalPlatforms }),
    native: kind !== "local" || isNativeOn(platform, process.arch),
    ...(kind === "ec2" && { instanceId: ec2?.nodes.find((each) => each.name === name)?.instanceId }),
  }));
}

/** The part of a node's arguments that hooks need. */
function plainNode(node: NamedNode, idleTimeoutMinutes: number | null): pulumi.Input<ReachableNode> {
  const { name, platform, additionalPlatforms } = node;
  const common = { name, platform, ...(additionalPlatforms && { additionalPlatforms }) };
  switch (node.kind) {
    case "ec2":
    case "kubernetes":
      return { kind: node.kind, ...common };
    case "local": {
      const { maxParallelism, registryMirrors = {}, insecureRegistries = [] } = node;
      const settings = { ...(maxParallelism && { maxParallelism }), registryMirrors, insecureRegistries };
      return { kind: node.kind, ...common, idleTimeoutMinutes, settings };
    }
    case "remote": {
      const { endpoint, tls, driver, image } = node;
      const { ca, cert, key, serverName } = tls ?? {};
      return pulumi.output({
        kind: node.kind,
        ...common,
        endpoint,
        tls: tls && { ca, cert, key, serverName },
        ...(driver && { driver, image }),
      }) as pulumi.Output<ReachableNode>;
    }
    default:
      return node satisfies never;
  }
}
