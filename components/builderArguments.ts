import { builderArguments } from "./arguments/builder";
import { checkArguments } from "./arguments/check";
import { otherBuilderNames } from "./arguments/otherNames";
import type { NodeArgs } from "./nodes/arguments";
import type { Ec2Args } from "./nodes/ec2/arguments";
import { normaliseEc2 } from "./nodes/ec2/normalise";
import { normaliseKubernetes } from "./nodes/kubernetes/normalise";
import { argumentError } from "./errors";
import { findPackage } from "./packageFiles";
import { checkNodes, checkWholeNumber } from "./validate";

/** The lifecycles, and the minutes without a build after which their nodes end themselves. */
const idleTimeoutMinutesOf = { persistent: null, "stop-when-idle": 10, ephemeral: 2 };
const defaultMaxLifetimeMinutes = 720;
const defaultWakeTimeoutSeconds = 180;
/** Where a machine may have to be added for a pod. */
const defaultKubernetesWakeTimeoutSeconds = 300;
export const defaultNodes: readonly NodeArgs[] = [
  { kind: "ec2", platform: "linux/arm64" },
  { kind: "ec2", platform: "linux/amd64" },
];

/** Arguments of {@link Builder}. */
export interface BuilderArgs {
  /**
   * The nodes, appended to one buildx builder in this order. Equivalent to `docker buildx create` for the first and
   * `create --append` for the rest.
   *
   * Of kind `ec2` and `remote` there may be several for one platform: images are spread over them by a hash of their
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
   * EC2 nodes in each `up` that builds, for it alone, and terminates them a minute after the last build, or with the `up`.
   * The cache of an ephemeral node is on a volume that stays: the first `up` that needs it has it, others beside it build
   * with a cold cache. Nodes of kind `remote` are never ended, and neither is a container of a Docker engine
   * ({@link LocalNodeArgs}).
   *
   * @default "stop-when-idle"
   */
  lifecycle?: "persistent" | "stop-when-idle" | "ephemeral";
  /**
   * Minutes without a build after which a node ends itself, with `stop-when-idle` and `ephemeral`. Counted on the node: it
   * holds when `up` is killed.
   *
   * @default 10; with `ephemeral` 2
   */
  idleTimeoutMinutes?: number;
  /**
   * Minutes after its start at which an EC2 node stops itself, whatever it does: a bound on what a mistake can cost.
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

/**
 * The arguments with every default filled in.
 * @throws BuildError that names the argument.
 */
export function normaliseBuilder(name: string, args: BuilderArgs) {
  const owner = `Builder ${name}`;
  checkArguments({ owner, otherNames: otherBuilderNames }, args, builderArguments);
  const { lifecycle = "stop-when-idle" } = args;
  if (!Object.hasOwn(idleTimeoutMinutesOf, lifecycle)) {
    const allowed = Object.keys(idleTimeoutMinutesOf).map((each) => `"${each}"`);
    throw argumentError(owner, "lifecycle", lifecycle, `${allowed.join(", ")} are allowed`);
  }
  const check = (argument: keyof BuilderArgs, value: number) => checkWholeNumber(owner, argument, value, 1);
  const isPersistent = lifecycle === "persistent";
  const idleTimeoutMinutes = isPersistent ? null : (args.idleTimeoutMinutes ?? idleTimeoutMinutesOf[lifecycle]);
  const maxLifetimeMinutes = check("maxLifetimeMinutes", args.maxLifetimeMinutes ?? defaultMaxLifetimeMinutes);
  const nodes = checkNodes(owner, args.nodes ?? defaultNodes);
  if (nodes.some(({ kind }) => kind !== "remote")) {
    // They need files of it: now, and when a build starts a node.
    findPackage();
  }
  const ec2Nodes = nodes.filter((node) => node.kind === "ec2");
  if (lifecycle === "ephemeral" && ec2Nodes.length === 0) {
    throw argumentError(
      owner,
      "lifecycle",
      lifecycle,
      'it is for nodes of kind "ec2", and there is none; leave it out',
    );
  }
  const kubernetesNodes = nodes.flatMap((node, at) =>
    node.kind === "kubernetes" ? [normaliseKubernetes(owner, `nodes[${at}]`, node)] : [],
  );
  if (isPersistent && kubernetesNodes.length > 0) {
    const remedy = 'pods of nodes of kind "kubernetes" end when they are idle, and their cache stays; leave it out';
    throw argumentError(owner, "lifecycle", lifecycle, remedy);
  }
  const usualWakeTimeoutSeconds =
    kubernetesNodes.length > 0 ? defaultKubernetesWakeTimeoutSeconds : defaultWakeTimeoutSeconds;
  const life = {
    isEphemeral: lifecycle === "ephemeral",
    idleTimeoutMinutes: idleTimeoutMinutes === null ? null : check("idleTimeoutMinutes", idleTimeoutMinutes),
    maxLifetimeMinutes: isPersistent && args.maxLifetimeMinutes === undefined ? null : maxLifetimeMinutes,
  };
  return {
    nodes,
    idleTimeoutMinutes: life.idleTimeoutMinutes,
    wakeTimeoutSeconds: check("wakeTimeoutSeconds", args.wakeTimeoutSeconds ?? usualWakeTimeoutSeconds),
    maxLifetimeMinutes,
    kubernetesNodes,
    ec2: normaliseEc2(owner, ec2Nodes, args.ec2 ?? {}, life),
  };
}
