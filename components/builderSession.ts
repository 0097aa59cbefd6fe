import { EngineSession } from "./build/engineSession";
import type { Access, RunNode } from "./build/node";
import { RelaySession } from "./build/relaySession";
import type { BuildSession } from "./build/session";
import { shareNode } from "./build/sharedNode";
import { isPlain } from "./buildkit/settings";
import type { BuilderConnection, BuilderConnectionNode } from "./builderConnection";
import { ec2Session } from "./ec2/session";
import type { AwsSettings } from "./ec2/settings";
import { BuildError } from "./errors";
import { findBuildkitd } from "./local/daemon";
import { findEngine } from "./local/engine";
import { type LocalNode, localRunNode } from "./nodes/local";
import { remoteRunNode } from "./nodes/remote";
import type { KubernetesConnection } from "./nodes/kubernetes/connection";
import { kubernetesNodes } from "./nodes/kubernetes/run/session";
import type { ClusterSettings } from "./nodes/kubernetes/run/settings";
import { isEc2Platform, isEmulated } from "./nodes/ec2/platforms";
import type { Platform } from "./platforms";
import { laneName, lanesOf } from "./spread";

/** A node as hooks get it: its arguments, resolved. */
export type ReachableNode =
  | BuilderConnectionNode
  | (LocalNode & { kind: "local" })
  | { kind: "kubernetes"; name: string; platform: Platform; furtherPlatforms?: readonly Platform[] };

/** What hooks know of a builder: as its connection, and besides the nodes that are this machine's alone. */
export interface ReachableBuilder extends Pick<BuilderConnection, "builderName" | "wakeTimeoutSeconds" | "ec2"> {
  nodes: readonly ReachableNode[];
  kubernetes?: KubernetesConnection;
}

/**
 * The builder's lanes at run time: through a Docker engine where all nodes are `local` and this machine can't run them
 * itself, else each through a relay of its own, and all with the same access.
 */
export async function startSessions(
  builder: ReachableBuilder,
  askAws: () => Promise<AwsSettings>,
  askCluster: () => Promise<ClusterSettings>,
): Promise<BuildSession[]> {
  if (process.platform === "win32") {
    throw new BuildError("Windows is not supported: run `pulumi up` in WSL, on Linux or on macOS");
  }
  const { builderName, wakeTimeoutSeconds } = builder;
  const { nodes, access } = await runNodes(builder, askAws, askCluster);
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd && builder.nodes.every(({ kind }) => kind === "local")) {
    const engine = await findEngine();
    if (!("tried" in engine)) {
      refuseSettings(builder.nodes, engine.endpoint);
      return [new EngineSession({ builderName, nodes, engine, reason: buildkitd.problem })];
    }
  }
  return shareOut(lanesOf(nodes)).map(
    (lane, at) => new RelaySession({ builderName: laneName(builderName, at), nodes: lane, wakeTimeoutSeconds, access }),
  );
}

/** A container that is there keeps what it was made with. */
function refuseSettings(nodes: readonly ReachableNode[], endpoint: string): void {
  const node = nodes.find((each) => each.kind === "local" && !isPlain(each.settings));
  if (node) {
    throw new BuildError(
      `node ${node.name} of kind "local": \`maxParallelism\`, \`registryMirrors\` and \`insecureRegistries\` are settings of a daemon that is started here, ` +
        `and BuildKit runs in the Docker engine at ${endpoint}. Fix: leave them out, or make a builder with \`docker buildx create --buildkitd-config\` and name it in \`builder\`.`,
    );
  }
}

async function runNodes(
  { nodes, ec2, kubernetes }: ReachableBuilder,
  askAws: () => Promise<AwsSettings>,
  askCluster: () => Promise<ClusterSettings>,
): Promise<{ nodes: RunNode[]; access: Access | undefined }> {
  const session = ec2 && ec2Session(ec2, await askAws());
  const pods = kubernetes ? kubernetesNodes(kubernetes, askCluster) : [];
  const made = nodes.map((node): RunNode | undefined => {
    const { furtherPlatforms } = node;
    switch (node.kind) {
      case "ec2": {
        const found = session?.nodes.find(({ name }) => name === node.name);
        const emulatedPlatforms = furtherPlatforms?.filter(
          (each) => isEc2Platform(node.platform) && isEmulated(node.platform, each),
        );
        return found && Object.assign(found, { furtherPlatforms, emulatedPlatforms });
      }
      case "kubernetes": {
        const found = pods.find(({ name }) => name === node.name);
        return found && Object.assign(found, { furtherPlatforms });
      }
      case "local":
        return { ...localRunNode(node), furtherPlatforms };
      case "remote":
        return { ...remoteRunNode(node), furtherPlatforms };
      default:
        return node satisfies never;
    }
  });
  return { nodes: made.filter((node) => node !== undefined), access: session?.access };
}

/** A node that is in several lanes is woken and replaced for all of them at once. */
function shareOut(lanes: readonly RunNode[][]): RunNode[][] {
  const views = new Map<RunNode, RunNode[]>();
  for (const node of new Set(lanes.flat())) {
    const count = lanes.filter((lane) => lane.includes(node)).length;
    views.set(node, count > 1 ? shareNode(node, count) : [node]);
  }
  return lanes.map((lane) => lane.map((node) => views.get(node)?.shift() ?? node));
}
