import type { Endpoint } from "../transport/endpoint";
import type { RunNode, Waiting } from "../nodes/node";

/** What those who use one node at the same time know of it together. */
interface Common {
  wake?: Promise<Endpoint | Waiting>;
  replacement?: Promise<boolean>;
  replacements: number;
}

/**
 * One node for several node sets of a builder, each with a relay of its own: what all of them want at about the same time is
 * done once. A node that one of them has replaced is not replaced again for another, which saw only the old one.
 */
export function shareNode(node: RunNode, count: number): RunNode[] {
  const common: Common = { replacements: 0 };
  return Array.from({ length: count }, () => nodeFor(node, common));
}

function nodeFor(node: RunNode, common: Common): RunNode {
  let seenReplacements = 0;
  return {
    name: node.name,
    platform: node.platform,
    additionalPlatforms: node.additionalPlatforms,
    emulatedPlatforms: node.emulatedPlatforms,
    access: node.access,
    get native() {
      return node.native;
    },
    get address() {
      return node.address;
    },
    wake: async (progress) => {
      seenReplacements = common.replacements;
      common.wake ??= node.wake(progress).finally(() => (common.wake = undefined));
      return common.wake;
    },
    replace:
      node.replace &&
      (async (isInUse, progress) => {
        if (seenReplacements !== common.replacements) {
          return true;
        }
        common.replacement ??= replace(node, common, isInUse, progress);
        return common.replacement;
      }),
    machine: () => node.machine?.(),
    diagnose: node.diagnose && (async () => node.diagnose?.()),
    giveUp: node.giveUp && (async (progress) => node.giveUp?.(progress)),
  };
}

async function replace(
  node: RunNode,
  common: Common,
  ...[isInUse, progress]: Parameters<NonNullable<RunNode["replace"]>>
): Promise<boolean> {
  try {
    const isReplaced = (await node.replace?.(isInUse, progress)) ?? false;
    common.replacements += isReplaced ? 1 : 0;
    return isReplaced;
  } finally {
    common.replacement = undefined;
  }
}
