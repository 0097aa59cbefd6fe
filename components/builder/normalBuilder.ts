import type { KindName, NodeArgs } from "../nodes/arguments";
import type { KindPlan } from "../nodes/kind";
import type { Life } from "../nodes/lifecycle";

/** A node with the name that it has in the builder. */
export type NamedNode = NodeArgs & { name: string };

/** A builder's arguments with every default filled in. */
export interface NormalBuilder {
  nodes: readonly NamedNode[];
  life: Life;
  /** Of each kind that has a node, or an argument of its name. */
  plans: Partial<Record<KindName, KindPlan>>;
}
