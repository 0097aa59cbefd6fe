import { checkArguments } from "../arguments/checkArguments";
import { otherBuilderNames } from "../arguments/otherNames";
import type { NodeArgs } from "../nodes/arguments";
import { normaliseEc2 } from "../nodes/ec2/normalise";
import { argumentError } from "../support/errors";
import { checkWholeNumber } from "../support/numbers";
import { normaliseKubernetes } from "../nodes/kubernetes/normalise";
import { findPackage } from "../support/packageFiles";
import type { BuilderArgs } from "./builderArguments";
import { builderArguments } from "./builderTable";
import { checkNodes } from "./checkNodes";

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
