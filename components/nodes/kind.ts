import type * as pulumi from "@pulumi/pulumi";

import type { ArgumentsOf } from "../arguments/table";
import type { Engine } from "../transport/dockerEngine";
import type { CommonNodeArgs } from "./commonArguments";
import type { Life, Lifecycle } from "./lifecycle";
import type { Access, Node, RunNode } from "./node";
import type { NodeShell } from "./shell";

/** What users wrote, of all nodes of a kind in one builder, with every default filled in. */
export interface KindPlan {
  /** Registries that these nodes reach without TLS. */
  insecureRegistries: readonly string[];
  /** What a build does to one of them: `local, would start if it does not run`. */
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
  /** Whether its machine is of its platform; it is, where nothing is said. */
  native?: boolean;
  instanceId?: string;
}

/** What the nodes of a kind are opened with, in hooks. */
export interface Opening<Connection> {
  /** What is common to them: what `declare` has given, or another stack's. */
  connection: Connection;
  /** The builder, for what its providers are configured with. Asked late: that may be a call to the engine. */
  component: pulumi.ComponentResource;
  /** Whether the builder has nodes of other kinds, too. */
  hasOthers: boolean;
}

/** The nodes of a kind, for those who build on them. Nobody was called yet. */
export interface OpenNodes {
  nodes: readonly RunNode[];
  /** What is held while somebody builds on one of them. */
  access?: Access;
  /** All of them are one container of this Docker engine, because the machine can't run them: why, in words. */
  engine?: { engine: Engine; reason: string };
}

/** How other stacks come by nodes. */
export interface Sharing {
  /** Whether a value from another stack is what hooks need of one node, its name and platforms left aside. */
  isFacts(value: Readonly<Record<string, unknown>>): boolean;
  /** What is wrong with what is common to the nodes: `lacks …`. */
  problemOf?(connection: unknown, builderName: string, names: readonly string[]): string | undefined;
}

/**
 * A kind of node: all that the rest of the library knows of it. A new kind is a folder of its own with one of these, a row in
 * `kinds.ts`, and a member of the union in `arguments.ts`. Modules that need Pulumi's providers, or a cloud's SDK, are loaded
 * when a function is called: most programs have one kind of node, and most updates build nothing.
 *
 * `Args`: what users write. `Plan`: what they mean. `Facts`: what hooks need of one node, as JSON beside its name and platforms.
 * `Connection`: what they need of all together, which is the builder's `connection` of the kind's name.
 */
export interface NodeKind<
  Args extends CommonNodeArgs = CommonNodeArgs,
  Plan extends KindPlan = KindPlan,
  Facts = unknown,
  Connection = unknown,
> {
  /** The names of its arguments, and what is given for each. */
  readonly arguments: ArgumentsOf<Args>;
  /** Those that a builder may have for the sake of such a node. */
  readonly lifecycles: readonly Lifecycle[];
  /** How long a build waits for such a node, where the user does not say. */
  readonly wakeTimeoutSeconds: number;
  /** Whether its daemon is on the machine of whoever builds: one for each platform, and this machine's loopback is its own. */
  readonly isOnThisMachine: boolean;
  /** How other stacks come by such nodes; or why they can't, as the end of `node arm64 is "local", …`. */
  readonly sharing: Sharing | string;

  // While the program runs, without Pulumi.

  /**
   * Looks at what one node's arguments are.
   * @param path where they are: `nodes[1]`.
   * @param others the nodes of this kind before it.
   * @throws BuildError that names the argument.
   */
  check(owner: string, path: string, node: Args & Node, others: readonly (Args & Node)[]): void;
  /**
   * What the nodes of a builder are to be.
   * @param settings the builder's argument of the kind's name: what is common to them.
   * @throws BuildError that names the argument.
   */
  plan(owner: string, nodes: readonly (Args & Node)[], settings: unknown, life: Life): Plan;
  /** What hooks need of one node: inputs, JSON when they are known. */
  facts(node: Args & Node, life: Life): object;
  /** What can be said of a node, with what is common to its kind. */
  describe?(node: Node, connection: Connection | undefined): NodeDescription;
  /** What a build does to another stack's node, as far as that stack has said. */
  effect(node: NodeDescription): string;

  // Declared.

  /** Makes what the nodes are made of, and says what is common to them; a secret. */
  declare?(builder: DeclaringBuilder, plan: Plan): pulumi.Output<Connection>;

  // When an image is built.

  /** The nodes, ready to be woken. Calls nobody. */
  open(nodes: readonly (Node & Facts)[], opening: Opening<Connection>): Promise<OpenNodes>;

  // From a shell.

  /** What the command line does with such nodes. Without it nothing: it is for builders that `pulumi up` alone uses. */
  readonly shell?: () => NodeShell;
}
