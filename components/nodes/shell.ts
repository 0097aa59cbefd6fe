import type { Progress } from "../support/progress";
import type { Endpoint, TlsMaterial } from "../transport/endpoint";
import type { Node, RunNode } from "./node";

/** What the options of a command say of the place that nodes are in, where the environment does not. */
export interface PlaceOptions {
  region?: string;
  profile?: string;
  context?: string;
  namespace?: string;
}

/** Options that say where nodes are. */
export type PlaceOption = keyof PlaceOptions | "account";

/** For whom a policy is. */
export interface PolicyOptions {
  /** A name that is registered, or is to be. */
  builder: string;
  role: string;
  /** Any without it. */
  account?: string;
  /** Any without it. */
  region?: string;
  namespace?: string;
}

/** What a command shows: for programs, and for people. */
export interface Shown {
  json: unknown;
  text: string;
}

/** How buildx reaches a node. */
export interface Reached {
  /** As buildx takes it: `tcp://HOST:PORT`, `unix:///PATH`. */
  endpoint: string;
  /** What buildx needs for that. */
  tls?: TlsMaterial;
}

/** What this machine holds of a builder: nodes that stay awake once they are, and a way in. */
export interface Held {
  until: Date;
  nodes: readonly RunNode[];
  /** All are awake, and there: how buildx reaches them, in their order, also when the command has ended. */
  reach(endpoints: readonly Endpoint[]): Promise<Reached[]>;
  /** Builds are registered to go as `reach` says: what an earlier command held is not needed any more. */
  giveUpOlder(): Promise<void>;
}

/** A builder that a command has found. */
export interface ShellBuilder {
  builderName: string;
  wakeTimeoutSeconds: number;
  /** Nodes that `wake` can wake. @throws BuildError where each update has its own. */
  wakeable(): readonly Node[];
  /** Holds these nodes for so long, as long as `use` does not fail and nobody interrupts it: then all is as it was. */
  hold<T>(nodes: readonly Node[], minutes: number, progress: Progress, use: (held: Held) => Promise<T>): Promise<T>;
  /** Stops the nodes, unless somebody needs them. Says which. */
  stop(options: { force: boolean; wait: boolean }, progress: Progress): Promise<string>;
  /** Starts nothing and changes nothing. */
  status(): Promise<Shown>;
  /** Removes what killed callers have left: a line for each thing. */
  clean(progress: Progress): Promise<string[]>;
}

/** What the command line does with nodes of one kind. */
export interface NodeShell {
  /** The options that mean such nodes. */
  options: readonly PlaceOption[];
  /** Whether a command without any such option means these nodes. */
  isUsual: boolean;
  /** All builders of the place. */
  list(options: PlaceOptions): Promise<Shown>;
  /** The builder that a name means. @throws BuildError where there is none, or more than one. */
  find(builder: string, options: PlaceOptions): Promise<ShellBuilder>;
  /** Whom it has a policy for: each as the command line names it, and as the end of a sentence. */
  roles: readonly { name: string; who: string }[];
  /** As it is to be attached or applied. Calls nobody. */
  policy(options: PolicyOptions): string;
  /** Which builders a policy counts for, and what is still to be done with it. Calls nobody. */
  describePolicy(options: PolicyOptions): string;
}
