import { BuildError } from "../support/errors";
import { parsePlatform, type Platform, qemuNameOf } from "../support/platforms";

/** What is known of a node when the provider is about to choose among them. */
export interface PlacedNode {
  name: string;
  address: string;
  /** The platform that it was declared for. */
  platform: Platform;
  /** Those that it builds besides. */
  additionalPlatforms?: readonly Platform[];
  /** What its daemon lists, the machine's own first; empty while it sleeps. */
  listed: readonly string[];
  /** Set for a node whose platform need not be its machine's own. */
  foreign?: boolean;
}

/** A node, as far as it matters which platforms it builds. */
interface ServingNode {
  name: string;
  platform: Platform;
  additionalPlatforms?: readonly Platform[];
}

/** All platforms that a node was declared for, its machine's own first. */
export function platformsOf({ platform, additionalPlatforms = [] }: Omit<ServingNode, "name">): Platform[] {
  return [platform, ...additionalPlatforms];
}

/** The nodes that were declared for the platforms, each once, or an error that names the platform that has none. */
export function nodesOf<T extends ServingNode>(nodes: readonly T[], platforms: readonly Platform[]): T[] {
  return [...new Set(platforms.map((platform) => nodeOf(nodes, platform)))];
}

/** The node that was declared for a platform. */
export function nodeOf<T extends ServingNode>(nodes: readonly T[], platform: Platform): T {
  const node = nodes.find((each) => platformsOf(each).includes(platform));
  if (!node) {
    const had = nodes.map((each) => `${platformsOf(each).join(", ")} (${each.name})`).join(", ");
    throw new BuildError(
      `\`platforms\` asks for ${platform}, and no node of the builder serves it; it has ${had}. Add a node for ${platform}, ` +
        "name it in a node's `additionalPlatforms`, or leave the platform out.",
    );
  }
  return node;
}

/**
 * Proves that each platform goes to the node that was declared for it, natively.
 *
 * The provider adds what a daemon lists to what its node was declared for, and the first node that has a platform gets
 * it: an emulator on one node takes another node's work without a word.
 * @see https://github.com/docker/buildx/blob/v0.35.0/build/resolver/driver.go
 */
export function provePlacement(nodes: readonly PlacedNode[], platforms: readonly Platform[]): void {
  for (const platform of platforms) {
    const node = nodeOf(nodes, platform);
    assertNative(node);
    const chosen = nodes.find((each) => platformsOf(each).includes(platform) || lists(each, platform));
    if (chosen && chosen !== node && !node.foreign) {
      const claim = node.platform === platform ? "which serves it natively" : "which has it in `additionalPlatforms`";
      throw new BuildError(
        `node ${chosen.name} (${chosen.address}) would take ${platform} from node ${node.name}, ${claim}, and build it under an emulator: ` +
          `its machine has one for ${platform}. Fix: remove the emulator there (docker run --privileged --rm tonistiigi/binfmt --uninstall 'qemu-${qemuNameOf(platform)}', ` +
          `or echo -1 > /proc/sys/fs/binfmt_misc/qemu-${qemuNameOf(platform)}), or put node ${node.name} before node ${chosen.name} in \`nodes\`.`,
      );
    }
  }
}

/** Whether a node's daemon runs programs of the platform; its list does not say whether natively or emulated. */
export function lists({ listed }: Pick<PlacedNode, "listed">, platform: Platform): boolean {
  return listed.some((each) => parsePlatform(each) === platform);
}

function assertNative(node: PlacedNode): void {
  const own = node.listed[0];
  if (node.foreign || own === undefined || parsePlatform(own) === node.platform) {
    return;
  }
  throw new BuildError(
    `node ${node.name} (${node.address}) is declared for ${node.platform}, and its machine's own platform is ${own}. ` +
      `Fix: set its \`platform\` to ${own}, or its \`endpoint\` to a machine of ${node.platform}.`,
  );
}
