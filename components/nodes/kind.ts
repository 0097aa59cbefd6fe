import type * as pulumi from "@pulumi/pulumi";

import type { ArgumentsOf } from "../arguments/table";
import type { Engine } from "../transport/dockerEngine";
import type { CommonNodeArgs } from "./commonArguments";
import type { Life, Lifecycle } from "./lifecycle";
import type { Access, Node, RunNode } from "./node";
import type { NodeShell } from "./shell";

/** What the plan of every kind has. */
export interface KindPlan {
  /** Registries that these nodes reach without TLS. */
  insecureRegistries: readonly string[];
  /** What a preview says of such a node: `local, would start if it does not run`. */
  effect: string;
}

/** A builder, as its nodes are declared. */
export interface DeclaringBuilder {
  component: pulumi.ComponentResource;
  /** The component's name. */
  name: string;
  builderName: pulumi.Output<string>;
  life: Life;
}

/** What can be said of a node without a call to anyone. */
export interface NodeDescription {
  /** False if the machine has another platform than the node. */
  native?: boolean;
  instanceId?: string;
}

/** What the nodes of a kind are opened with, in hooks. */
export interface Opening<Connection> {
  /** What is common to them: what `declare` has given, or another stack's. */
  connection: Connection;
  /** The builder, whose providers' settings are needed. Read only when needed: reading them may call Pulumi's engine. */
  component: pulumi.ComponentResource;
  /** Whether the builder has nodes of other kinds, too. */
  hasOthers: boolean;
}

/** The nodes of a kind, for those who build on them. No node and no cloud has been called. */
export interface OpenNodes {
  nodes: readonly RunNode[];
  /** What a build holds while it uses these nodes: a claim, an open port. */
  access?: Access;
  /** All of them are one container of this Docker engine, because the machine can't run them: why, in words. */
  engine?: { engine: Engine; reason: string };
}

/** How other stacks get these nodes. */
export interface Sharing {
  /** Whether a value from another stack has all facts of a node, besides its name and platforms. */
  isFacts(value: Readonly<Record<string, unknown>>): boolean;
  /** What is wrong with what is common to the nodes: `lacks …`. */
  problemOf?(connection: unknown, builderName: string, names: readonly string[]): string | undefined;
}

/**
 * A kind of node: all that the rest of the library knows of it. To add a kind: make a folder with a `kind.ts`, add a row in
 * `kinds.ts`, and add its arguments to the union in `arguments.ts`. Modules that need Pulumi's providers, or a cloud's SDK, are loaded
 * when a function is called: most programs have one kind of node, and most updates build nothing.
 *
 * `Args`: what users write. `Plan`: what they mean, with every default filled in. `Facts`: what hooks need to know of one node, as JSON.
 * `Connection`: what hooks need for all nodes of the kind: the part of the builder's `connection` with the kind's name.
 */
export interface NodeKind<
  Args extends CommonNodeArgs = CommonNodeArgs,
  Plan extends KindPlan = KindPlan,
  Facts = unknown,
  Connection = unknown,
> {
  /** The names of its arguments, and what is given for each. */
  readonly arguments: ArgumentsOf<Args>;
  /** The lifecycles that a builder with only such nodes may have. */
  readonly lifecycles: readonly Lifecycle[];
  /** How long a build waits for such a node, where the user does not say. */
  readonly wakeTimeoutSeconds: number;
  /** Whether its daemon runs on this machine. Then there is one node for each platform, and `localhost` in a build is this machine. */
  readonly isOnThisMachine: boolean;
  /** How other stacks get such nodes; or why they can't, as the end of `node arm64 is "local", …`. */
  readonly sharing: Sharing | string;

  // Called while the user's program runs; these need no Pulumi.

  /**
   * Checks the arguments of one node.
   * @param path where they are: `nodes[1]`.
   * @param others the nodes of this kind before it.
   * @throws BuildError that names the argument.
   */
  check(owner: string, path: string, node: Args & Node, others: readonly (Args & Node)[]): void;
  /**
   * Turns the arguments of a builder's nodes of this kind into a plan.
   * @param settings the builder's argument of the kind's name: what is common to them.
   * @throws BuildError that names the argument.
   */
  plan(owner: string, nodes: readonly (Args & Node)[], settings: unknown, life: Life): Plan;
  /** What hooks need of one node: inputs, JSON when they are known. */
  facts(node: Args & Node, life: Life): object;
  /** What can be said of a node, with what is common to its kind. */
  describe?(node: Node, connection: Connection | undefined): NodeDescription;
  /** The same text as `KindPlan.effect`, for a node of another stack. */
  effect(node: NodeDescription): string;

  // Declared.

  /** Makes what the nodes are made of, and says what is common to them; a secret. */
  declare?(builder: DeclaringBuilder, plan: Plan): pulumi.Output<Connection>;

  // When an image is built.

  /** The nodes, ready to be woken. Calls nobody. */
  open(nodes: readonly (Node & Facts)[], opening: Opening<Connection>): Promise<OpenNodes>;

  // From a shell.

  /** What the command line does with such nodes. Left out: the command line can't use such nodes. */
  readonly shell?: () => NodeShell;
}
