import type { BuildNode } from "./builderSource";
import { nodesOf, platformsOf } from "../session/placement";
import type { Platform } from "../support/platforms";
import { nodeSetOf, nodeSetsOf } from "../nodes/nodeSets";

/** What of a node decides whether a build would wake it. */
export type PreviewedNode = Pick<BuildNode, "name" | "kind" | "platform" | "additionalPlatforms"> & {
  isEphemeral?: boolean;
};

/** What a build does to a node of each kind, as far as it can be said without asking anyone. */
const effects: Record<BuildNode["kind"], (node: PreviewedNode) => string> = {
  ec2: ({ isEphemeral }) => (isEphemeral ? "EC2, would be launched" : "EC2, would wake if asleep"),
  kubernetes: () => "Kubernetes, would start if it does not run",
  local: () => "local, would start if it does not run",
  remote: () => "remote, runs already",
};

/** What `pulumi preview` says of an image that would be built. */
export function describePreview(
  reason: string,
  imageUrn: string,
  nodes: readonly PreviewedNode[] | undefined,
  platforms: readonly Platform[],
): string {
  return `would be built: ${reason}\n  on ${describeNodes(imageUrn, nodes, platforms)}`;
}

function describeNodes(
  imageUrn: string,
  nodes: readonly PreviewedNode[] | undefined,
  platforms: readonly Platform[],
): string {
  if (!nodes || nodes.length === 0) {
    return `nodes that are not known yet (${platforms.join(", ")})`;
  }
  const nodeSets = nodeSetsOf(nodes);
  const nodeSet = nodeSets[nodeSetOf(imageUrn, nodeSets.length)];
  const needed = nodesOf(nodeSet, platforms);
  return needed
    .map((node) => `node ${node.name} (${platformsOf(node).join(", ")}; ${effects[node.kind](node)})`)
    .join(", ");
}
