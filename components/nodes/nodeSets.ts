import * as crypto from "node:crypto";

import type { Platform } from "../support/platforms";

/**
 * The node sets of a builder: nodes that build an image together, one for each platform. buildx gives all of a platform's work
 * to the first node that has it, so that each node set is a buildx builder of its own, and each image is built in one node set.
 *
 * Node set i has, of each platform, node i modulo how many of it there are: with two nodes for linux/arm64 and one for
 * linux/amd64, both node sets have the same amd64 node.
 * @see https://github.com/docker/buildx/blob/v0.35.0/build/resolver/driver.go
 */
export function nodeSetsOf<T extends { platform: Platform }>(nodes: readonly T[]): T[][] {
  const numbered = nodes.map((node, at) => {
    const same = nodes.filter(({ platform }) => platform === node.platform);
    return { node, number: nodes.slice(0, at).filter((each) => same.includes(each)).length, count: same.length };
  });
  const nodeSetCount = Math.max(...numbered.map(({ count }) => count));
  return Array.from({ length: nodeSetCount }, (_, nodeSet) =>
    numbered.filter(({ number, count }) => number === nodeSet % count).map(({ node }) => node),
  );
}

/**
 * The node set of an image: the same each time, so that it finds its cache again.
 *
 * By rendezvous hashing: a further node set takes the images that score highest with it, and all others stay where they are.
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
export function nodeSetOf(key: string, nodeSetCount: number): number {
  const scores = Array.from({ length: nodeSetCount }, (_, nodeSet) => score(nodeSet, key));
  return scores.reduce((best, each, nodeSet) => (each > scores[best] ? nodeSet : best), 0);
}

/** The name under which buildx knows a node set. */
export function nodeSetName(builderName: string, nodeSet: number): string {
  return nodeSet === 0 ? builderName : `${builderName}-${nodeSet + 1}`;
}

/** The name under which buildx knows the one node of a node set that puts platforms together, whatever platform it is of. */
export function indexName(registeredName: string): string {
  return `${registeredName}-index`;
}

function score(nodeSet: number, key: string): string {
  return crypto.createHash("sha256").update(`${nodeSet} ${key}`).digest("hex");
}
