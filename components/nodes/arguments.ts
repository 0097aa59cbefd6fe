import type { Ec2NodeArgs } from "./ec2/arguments";
import type { Ec2Connection, Ec2Facts } from "./ec2/connection";
import type { KubernetesNodeArgs } from "./kubernetes/arguments";
import type { KubernetesConnection, KubernetesFacts } from "./kubernetes/connection";
import type { LocalNodeArgs } from "./local/arguments";
import type { RemoteNodeArgs } from "./remote/arguments";
import type { RemoteFacts } from "./remote/facts";

export type { Ec2Args } from "./ec2/arguments";

/** A node of a {@link Builder}: a union by `kind`. */
export type NodeArgs = Ec2NodeArgs | KubernetesNodeArgs | LocalNodeArgs | RemoteNodeArgs;

/** The name of a kind of node. */
export type KindName = NodeArgs["kind"];

/** What other stacks are given of a node, by kinds that they can build on. */
export type SharedFacts = Ec2Facts | KubernetesFacts | RemoteFacts;

/** What other stacks are given of all nodes of a kind together, by its name. */
export interface SharedConnections {
  /** How nodes of kind `ec2` are reached. */
  ec2?: Ec2Connection;
  /** How nodes of kind `kubernetes` are reached, besides the way into their cluster. */
  kubernetes?: KubernetesConnection;
}
