import type { NodeArgs } from "./nodes/arguments";
import type { Ec2Args } from "./nodes/ec2/arguments";
import { normaliseEc2 } from "./nodes/ec2/normalise";
import { checkNodes, checkWholeNumber } from "./validate";

const defaultIdleTimeoutMinutes = 10;
const defaultMaxLifetimeMinutes = 720;
const defaultWakeTimeoutSeconds = 180;
const defaultNodes: readonly NodeArgs[] = [
  { kind: "ec2", platform: "linux/arm64" },
  { kind: "ec2", platform: "linux/amd64" },
];

/** Arguments of {@link Builder}. */
export interface BuilderArgs {
  /**
   * The nodes, appended to one buildx builder in this order; one for each platform. Equivalent to
   * `docker buildx create` for the first and `create --append` for the rest.
   *
   * @default - two EC2 instances: one for linux/arm64, one for linux/amd64
   */
  nodes?: readonly NodeArgs[];
  /**
   * What becomes of nodes that have nothing to build: `stop-when-idle` ends those that are ours after
   * `idleTimeoutMinutes`, and the next build starts them with their cache; `persistent` keeps them. Nodes of kind
   * `remote` are never ended, and neither is a container of a Docker engine ({@link LocalNodeArgs}).
   *
   * @default "stop-when-idle"
   */
  lifecycle?: "persistent" | "stop-when-idle";
  /**
   * Minutes without a build after which a node ends itself, with `stop-when-idle`. Counted on the node: it holds when
   * `up` is killed.
   *
   * @default 10
   */
  idleTimeoutMinutes?: number;
  /**
   * Minutes after its start at which an EC2 node stops itself, whatever it does: a bound on what a mistake can cost.
   * The next build starts it again.
   *
   * @default 720 with `stop-when-idle`; none with `persistent`
   */
  maxLifetimeMinutes?: number;
  /**
   * Seconds that a build waits for a node until it lists its workers.
   *
   * @default 180
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
  const isPersistent = args.lifecycle === "persistent";
  const check = (argument: keyof BuilderArgs, value: number) => checkWholeNumber(owner, argument, value, 1);
  const idleTimeoutMinutes = check("idleTimeoutMinutes", args.idleTimeoutMinutes ?? defaultIdleTimeoutMinutes);
  const maxLifetimeMinutes = check("maxLifetimeMinutes", args.maxLifetimeMinutes ?? defaultMaxLifetimeMinutes);
  const timeouts = {
    idleTimeoutMinutes: isPersistent ? null : idleTimeoutMinutes,
    maxLifetimeMinutes: isPersistent && args.maxLifetimeMinutes === undefined ? null : maxLifetimeMinutes,
  };
  const nodes = checkNodes(owner, args.nodes ?? defaultNodes);
  return {
    nodes,
    idleTimeoutMinutes: timeouts.idleTimeoutMinutes,
    wakeTimeoutSeconds: check("wakeTimeoutSeconds", args.wakeTimeoutSeconds ?? defaultWakeTimeoutSeconds),
    ec2: normaliseEc2(
      owner,
      nodes.filter((node) => node.kind === "ec2"),
      args.ec2 ?? {},
      timeouts,
    ),
  };
}
