import type { Ec2Args, NodeArgs } from "../nodes/arguments";

/** Arguments of {@link Builder}. */
export interface BuilderArgs {
  /**
   * The nodes, appended to one buildx builder in this order. Equivalent to `docker buildx create` for the first and
   * `create --append` for the rest.
   *
   * Of kind `ec2`, `kubernetes` and `remote` there may be several for one platform: images are spread over them by a hash of their
   * URNs, so that each goes to the same node each time and finds its cache there. The first node of each platform makes
   * up the builder itself, the second ones a builder named `NAME-2`, and so on; where a platform has fewer nodes than
   * another, its nodes are in several of them. A further node at the end of the list takes over some images, which are
   * built once more there (docker-build compares the builder's name), and moves no others.
   *
   * @default - two EC2 instances: one for linux/arm64, one for linux/amd64
   */
  nodes?: readonly NodeArgs[];
  /**
   * What becomes of nodes that have nothing to build: `stop-when-idle` ends those that are ours after
   * `idleTimeoutMinutes`, and the next build starts them with their cache; `persistent` keeps them; `ephemeral` launches
   * EC2 nodes in each update that builds, for it alone, and terminates them a minute after the last build, or with the update.
   * The cache of an ephemeral node is on a volume that stays: the first update that needs it has it, others beside it build
   * with a cold cache. Nodes of kind `remote` are never ended, and neither is a container of a Docker engine
   * ({@link LocalNodeArgs}).
   *
   * @default "stop-when-idle"
   */
  lifecycle?: "persistent" | "stop-when-idle" | "ephemeral";
  /**
   * Minutes without a build after which a node ends itself, with `stop-when-idle` and `ephemeral`. Counted on the node: it
   * holds when `pulumi up` is killed.
   *
   * @default 10; with `ephemeral` 2
   */
  idleTimeoutMinutes?: number;
  /**
   * Minutes after its start at which an EC2 node stops itself and a pod is asked to end, whatever they do: a bound on what a mistake can cost.
   * The next build starts it again.
   *
   * @default 720; none with `persistent`
   */
  maxLifetimeMinutes?: number;
  /**
   * Seconds that a build waits for a node until it lists its workers.
   *
   * @default 180; 300 with a node of kind `kubernetes`
   */
  wakeTimeoutSeconds?: number;
  /** What is common to nodes of kind `ec2`. */
  ec2?: Ec2Args;
}
