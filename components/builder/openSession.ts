import { EngineSession } from "../session/engineSession";
import type { Access, RunNode } from "../nodes/node";
import { RelaySession } from "../session/relaySession";
import type { BuildSession } from "../session/session";
import { shareNode } from "../session/sharedNode";
import { isPlain } from "../buildkit/toml";
import type { BuilderConnection, BuilderConnectionNode } from "./builderConnection";
import type { AwsSettings } from "../nodes/ec2/awsSettings";
import { BuildError } from "../support/errors";
import { findBuildkitd } from "../nodes/local/run/daemon";
import { findEngine } from "../transport/dockerEngine";
import { type LocalNode, localRunNode } from "../nodes/local/run/node";
import { remoteRunNode } from "../nodes/remote/run/node";
import { isEc2Platform, isEmulated } from "../nodes/ec2/platforms";
import { nodeSetName, nodeSetsOf } from "../nodes/nodeSets";

/** A node as hooks get it: its arguments, resolved. */
export type ReachableNode = BuilderConnectionNode | (LocalNode & { kind: "local" });

/** What hooks know of a builder: as its connection, and besides the nodes that are this machine's alone. */
export interface ReachableBuilder extends Pick<BuilderConnection, "builderName" | "wakeTimeoutSeconds" | "ec2"> {
  nodes: readonly ReachableNode[];
}

/**
 * The builder's node sets at run time: through a Docker engine where all nodes are `local` and this machine can't run them
 * itself, else each through a relay of its own, and all with the same access.
 */
export async function startSessions(
  builder: ReachableBuilder,
  askAws: () => Promise<AwsSettings>,
  engineAddress?: string,
): Promise<BuildSession[]> {
  if (process.platform === "win32") {
    throw new BuildError("Windows is not supported: run `pulumi up` in WSL, on Linux or on macOS");
  }
  const { builderName, wakeTimeoutSeconds } = builder;
  const { nodes, access } = await runNodes(builder, askAws);
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd && builder.nodes.every(({ kind }) => kind === "local")) {
    const engine = await findEngine();
    if (!("tried" in engine)) {
      refuseSettings(builder.nodes, engine.endpoint);
      return [new EngineSession({ builderName, nodes, engine, reason: buildkitd.problem })];
    }
  }
  return shareNodes(nodeSetsOf(nodes)).map(
    (nodeSet, at) =>
      new RelaySession({
        builderName: nodeSetName(builderName, at),
        nodes: nodeSet,
        wakeTimeoutSeconds,
        access,
        engineAddress,
      }),
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

/** Loaded for a builder that has such nodes. */
function ec2Half() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() takes twice as long
  return require("../nodes/ec2/run/open") as typeof import("../nodes/ec2/run/open");
}

async function runNodes(
  { nodes, ec2 }: ReachableBuilder,
  askAws: () => Promise<AwsSettings>,
): Promise<{ nodes: RunNode[]; access: Access | undefined }> {
  const session = ec2 && ec2Half().ec2Session(ec2, await askAws());
  const made = nodes.map((node): RunNode | undefined => {
    const { additionalPlatforms } = node;
    switch (node.kind) {
      case "ec2": {
        const found = session?.nodes.find(({ name }) => name === node.name);
        const emulatedPlatforms = additionalPlatforms?.filter(
          (each) => isEc2Platform(node.platform) && isEmulated(node.platform, each),
        );
        return found && Object.assign(found, { additionalPlatforms, emulatedPlatforms });
      }
      case "local":
        return { ...localRunNode(node), additionalPlatforms };
      case "remote":
        return { ...remoteRunNode(node), additionalPlatforms };
      default:
        return node satisfies never;
    }
  });
  return { nodes: made.filter((node) => node !== undefined), access: session?.access };
}

/** A node that is in several node sets is woken and replaced for all of them at once. */
function shareNodes(nodeSets: readonly RunNode[][]): RunNode[][] {
  const views = new Map<RunNode, RunNode[]>();
  for (const node of new Set(nodeSets.flat())) {
    const count = nodeSets.filter((nodeSet) => nodeSet.includes(node)).length;
    views.set(node, count > 1 ? shareNode(node, count) : [node]);
  }
  return nodeSets.map((nodeSet) => nodeSet.map((node) => views.get(node)?.shift() ?? node));
}
