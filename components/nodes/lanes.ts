import * as crypto from "node:crypto";

import type { Platform } from "../support/platforms";

/**
 * The lanes of a builder: nodes that build an image together, one for each platform. buildx gives all of a platform's work
 * to the first node that has it, so that each lane is a buildx builder of its own, and each image is built in one lane.
 *
 * Lane i has, of each platform, node i modulo how many of it there are: with two nodes for linux/arm64 and one for
 * linux/amd64, both lanes have the same amd64 node.
 * @see https://github.com/docker/buildx/blob/v0.35.0/build/resolver/driver.go
 */
export function lanesOf<T extends { platform: Platform }>(nodes: readonly T[]): T[][] {
  const numbered = nodes.map((node, at) => {
    const same = nodes.filter(({ platform }) => platform === node.platform);
    return { node, number: nodes.slice(0, at).filter((each) => same.includes(each)).length, count: same.length };
  });
  const laneCount = Math.max(...numbered.map(({ count }) => count));
  return Array.from({ length: laneCount }, (_, lane) =>
    numbered.filter(({ number, count }) => number === lane % count).map(({ node }) => node),
  );
}

/**
 * The lane of an image: the same each time, so that it finds its cache again.
 *
 * By rendezvous hashing: a further lane takes the images that score highest with it, and all others stay where they are.
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
export function laneOf(key: string, laneCount: number): number {
  const scores = Array.from({ length: laneCount }, (_, lane) => score(lane, key));
  return scores.reduce((best, each, lane) => (each > scores[best] ? lane : best), 0);
}

/** The name under which buildx knows a lane. */
export function laneName(builderName: string, lane: number): string {
  return lane === 0 ? builderName : `${builderName}-${lane + 1}`;
}

/** The name under which buildx knows the one node of a lane that puts platforms together, whatever platform it is of. */
export function indexName(registeredName: string): string {
  return `${registeredName}-index`;
}

function score(lane: number, key: string): string {
  return crypto.createHash("sha256").update(`${lane} ${key}`).digest("hex");
}
