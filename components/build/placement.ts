import { BuildError } from "../errors";
import { parsePlatform, type Platform } from "../platforms";

/** What is known of a node when the provider is about to choose among them. */
export interface PlacedNode {
  name: string;
  address: string;
  /** The platform that it was declared for. */
  platform: Platform;
  /** What its daemon lists, the machine's own first; empty while it sleeps. */
  listed: readonly string[];
  /** Set for a node whose platform need not be its machine's own. */
  foreign?: boolean;
}

/** The node that was declared for each platform, or an error that names the platform that has none. */
export function nodesOf<T extends { name: string; platform: Platform }>(
  nodes: readonly T[],
  platforms: readonly Platform[],
): T[] {
  return platforms.map((platform) => {
    const node = nodes.find((each) => each.platform === platform);
    if (!node) {
      const had = nodes.map((each) => `${each.platform} (${each.name})`).join(", ");
      throw new BuildError(
        `\`platforms\` asks for ${platform}, and no node of the builder serves it; it has ${had}. Add a node for ${platform}, or leave the platform out.`,
      );
    }
    return node;
  });
}

/**
 * Proves that each platform goes to the node that was declared for it, natively.
 *
 * The provider adds what a daemon lists to what its node was declared for, and the first node that has a platform gets
 * it: an emulator on one node takes another node's work without a word.
 * @see https://github.com/docker/buildx/blob/v0.35.0/build/resolver/driver.go
 */
export function provePlacement(nodes: readonly PlacedNode[], platforms: readonly Platform[]): void {
  for (const node of nodesOf(nodes, platforms)) {
    assertNative(node);
    const chosen = nodes.find((each) => serves(each, node.platform));
    if (chosen && chosen !== node && !node.foreign) {
      throw new BuildError(
        `node ${chosen.name} (${chosen.address}) would take ${node.platform} from node ${node.name}, which serves it natively, and build it under an emulator: ` +
          `its machine has one for ${node.platform}. Fix: remove the emulator there (docker run --privileged --rm tonistiigi/binfmt --uninstall '${emulatorOf(node.platform)}', ` +
          `or echo -1 > /proc/sys/fs/binfmt_misc/${emulatorOf(node.platform)}), or put node ${node.name} before node ${chosen.name} in \`nodes\`.`,
      );
    }
  }
}

function serves(node: PlacedNode, platform: Platform): boolean {
  return node.platform === platform || node.listed.some((each) => parsePlatform(each) === platform);
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

// Names of QEMU's handlers: https://github.com/tonistiigi/binfmt#uninstalling-emulators
function emulatorOf(platform: Platform): string {
  const names: Partial<Record<Platform, string>> = {
    "linux/arm64": "qemu-aarch64",
    "linux/amd64": "qemu-x86_64",
    "linux/386": "qemu-i386",
    "linux/arm/v6": "qemu-arm",
    "linux/arm/v7": "qemu-arm",
    "linux/loong64": "qemu-loongarch64",
    "linux/mips64le": "qemu-mips64el",
  };
  return names[platform] ?? `qemu-${platform.slice("linux/".length).split("/")[0]}`;
}
