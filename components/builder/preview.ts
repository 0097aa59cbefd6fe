import type { Node } from "../nodes/node";
import { nodesOf, platformsOf } from "../session/placement";
import type { Platform } from "../support/platforms";
import { nodeSetOf, nodeSetsOf } from "../nodes/nodeSets";

/** A node, and what a build does to it, as far as it can be said without asking anyone. */
export type PreviewedNode = Node & { effect: string };

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
  return needed.map((node) => `node ${node.name} (${platformsOf(node).join(", ")}; ${node.effect})`).join(", ");
}
