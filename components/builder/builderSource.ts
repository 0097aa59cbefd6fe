import * as pulumi from "@pulumi/pulumi";

import type { NamedNode, NormalBuilder } from "./normalBuilder";
import {
  type BuilderConnection,
  parseConnection,
  type ReachableBuilder,
  type ReachableNode,
} from "./builderConnection";
import type { PreviewedNode } from "./preview";
import type { KindName } from "../nodes/arguments";
import { byKind, namesOf, nodeKinds } from "../nodes/kinds";
import type { Life } from "../nodes/lifecycle";
import type { Platform } from "../support/platforms";
import { asResourceError, PlainResourceError } from "../pulumi/resourceError";
import { resolved } from "../pulumi/resolved";
import { nodeSetsOf } from "../nodes/nodeSets";

/** A node of a {@link Builder}, as its output shows it. */
export interface BuildNode {
  /** The node's name in the builder. */
  name: string;
  kind: KindName;
  platform: Platform;
  /** What it builds besides, by emulation or without running any of it. */
  additionalPlatforms?: readonly Platform[];
  /** `false` for a `local` node of another platform than this machine's: good for Dockerfiles without RUN. */
  native: boolean;
  /** The EC2 instance, for nodes of kind `ec2`. */
  instanceId?: string;
}

/** What is common to the nodes of each kind. */
type Connections = Partial<Record<KindName, unknown>>;

/** Where a builder has its nodes from: declared with it, or another stack's. */
export interface NodeSource {
  readonly nodes: pulumi.Output<BuildNode[]>;
  readonly nodeSetCount: pulumi.Input<number>;
  /** None where the nodes are another stack's: they are known at run time. */
  readonly declaredNodes: readonly NamedNode[];
  /** Registries that the nodes reach without TLS, as far as they are declared here. */
  readonly insecureRegistries: readonly string[];
  /** Kept in the builder's state. Must not reject: Pulumi would report it as a serialization failure. */
  readonly registered: pulumi.Inputs;
  /** The nodes as a preview describes them. */
  previewed(): Promise<readonly PreviewedNode[] | undefined>;
  /** @throws pulumi.ResourceError when the nodes can't be shared. */
  connection(): pulumi.Output<BuilderConnection>;
  /** All that hooks need, resolved when they ask. */
  reachable(): pulumi.Output<ReachableBuilder>;
}

/** Nodes that are declared with the builder: what they are made of is made here. */
export function declaredSource(
  component: pulumi.ComponentResource,
  name: string,
  { nodes: declared, life, plans }: NormalBuilder,
  builderName: pulumi.Output<string>,
): NodeSource {
  const { wakeTimeoutSeconds } = life;
  const builder = { component, name, builderName, life };
  const connections = Object.fromEntries(
    byKind(declared).flatMap(([kind]) => {
      const plan = plans[kind];
      const connection = plan && nodeKinds[kind].declare?.(builder, plan);
      return connection ? [[kind, connection]] : [];
    }),
  );
  const nodes = pulumi.unsecret(pulumi.output(connections)).apply((made: Connections) => describeKnown(declared, made));
  const reachable = () => {
    const plain = declared.map((node) => plainNode(node, life));
    // The SDK's type of what is resolved names no unions.
    const all: unknown = pulumi.output({ builderName, wakeTimeoutSeconds, nodes: plain, ...connections });
    return all as pulumi.Output<ReachableBuilder>;
  };
  return {
    nodes,
    nodeSetCount: nodeSetsOf(declared).length,
    declaredNodes: declared,
    insecureRegistries: Object.values(plans).flatMap(({ insecureRegistries }) => insecureRegistries),
    registered: { builderName, nodes },
    previewed: () => Promise.resolve(declared.map((node) => ({ ...node, effect: plans[node.kind]?.effect ?? "" }))),
    reachable,
    connection: () => {
      refuseUnshared(component, name, declared);
      return pulumi.secret(reachable().apply((plain) => ({ version: 1, ...plain }) as BuilderConnection));
    },
  };
}

/** @throws pulumi.ResourceError for a node that other stacks can't build on. */
function refuseUnshared(component: pulumi.Resource, name: string, declared: readonly NamedNode[]): void {
  for (const node of declared) {
    const { sharing } = nodeKinds[node.kind];
    if (typeof sharing === "string") {
      const cause = `node ${node.name} is "${node.kind}", ${sharing}`;
      const fix = `share a builder of ${namesOf((kind) => typeof kind.sharing !== "string", "and")} nodes`;
      throw new PlainResourceError(`Builder ${name}: \`connection\` can't be had: ${cause}. Fix: ${fix}.`, component);
    }
  }
}

/** The argument of `Builder.fromConnection`: a class of its own, so that it is not taken for arguments of a builder. */
export class GivenConnection {
  constructor(readonly value: pulumi.Input<BuilderConnection>) {}
}

/** Nodes of another stack, as the connection of their builder lists them. */
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
  const nodes = pulumi.unsecret(connection).apply((known) => describeKnown(known.nodes, known));
  return {
    nodes,
    nodeSetCount: pulumi.unsecret(connection).apply((known) => nodeSetsOf(known.nodes).length),
    declaredNodes: [],
    insecureRegistries: [],
    registered: { builderName },
    previewed: () =>
      resolved(nodes.apply((known) => known.map((node) => ({ ...node, effect: nodeKinds[node.kind].effect(node) })))),
    connection: () => connection,
    reachable: () => pulumi.all([connection, builderName]).apply(([known, own]) => ({ ...known, builderName: own })),
  };
}

function describeKnown(
  nodes: readonly Pick<NamedNode, "name" | "kind" | "platform" | "additionalPlatforms">[],
  connections: Connections,
): BuildNode[] {
  return nodes.map(({ name, kind, platform, additionalPlatforms }) => ({
    name,
    kind,
    platform,
    ...(additionalPlatforms && { additionalPlatforms }),
    native: true,
    ...nodeKinds[kind].describe?.({ name, platform }, connections[kind]),
  }));
}

/** The part of a node's arguments that hooks need. */
function plainNode(node: NamedNode, life: Life): pulumi.Output<ReachableNode> {
  const { kind, name, platform, additionalPlatforms } = node;
  const common = { kind, name, platform, ...(additionalPlatforms && { additionalPlatforms }) };
  const plain: unknown = pulumi.output({ ...common, ...nodeKinds[kind].facts(node, life) });
  return plain as pulumi.Output<ReachableNode>;
}
