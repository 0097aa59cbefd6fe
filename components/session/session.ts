import type { RecordedProvenance } from "../buildkit/history";
import type { NodeView } from "./nodeView";
import type { Platform } from "../support/platforms";
import type { PlatformDigests } from "../registry/manifest";
import type { DescribedNode } from "../nodes/node";
import type { Progress } from "../support/progress";
import { nodeOf } from "./placement";
import { title } from "../nodes/node";

/** One image's build, from its before-hook to its end. */
export interface Attempt {
  platforms: readonly Platform[];
  /** How often it was begun again after a loss, and because a registry was busy. */
  retries: number;
  busyRetries: number;
  /** Whether it was begun again on nodes whose cache was removed. */
  hasMadeRoom: boolean;
  /** Whether it was begun again although the nodes' disks had room, and something said that they had not. */
  hasIgnoredRoom: boolean;
  /** For each node, how often it had ended a connection before this build. */
  lossesBefore: ReadonlyMap<string, number>;
  /** Whether what `prepare` took is still held for this build. */
  isHeld: boolean;
  /** Whether its end is up to the provider at the moment, and not to what is done here before and after. */
  isBuilding: boolean;
  /** Why its end is not waited for any more: set before the build is made to fail. */
  givenUp?: string;
  /** Whether its arguments, or the provider's, have a login for a registry. */
  hasLogins?: boolean;
  /** Whether a Docker engine takes the image afterwards, which unpacks it for as long as it does. */
  isLoaded?: boolean;
  /** Its context, where that is a Git repository. */
  gitSource?: string;
  /** Whether the registry that it pushes to gives this machine no answer; none where it pushes nothing. */
  isRegistrySilent?: () => Promise<boolean>;
  /** The URLs of the servers that its cache is written to, as far as they are known. */
  cacheServers?: readonly string[];
}

/** What of a build its failure is explained by. */
export type ExplainedAttempt = Pick<Attempt, "platforms" | "hasLogins">;

export function newAttempt(
  platforms: readonly Platform[],
  lossesBefore: ReadonlyMap<string, number> = new Map(),
  isHeld = false,
): Attempt {
  return {
    platforms,
    retries: 0,
    busyRetries: 0,
    hasMadeRoom: false,
    hasIgnoredRoom: false,
    lossesBefore,
    isHeld,
    isBuilding: true,
  };
}

/** The nodes of one builder during one update. */
export interface BuildSession {
  /**
   * Makes all ready for a build of these platforms.
   * @param lastWakes seconds that nodes took to answer the last time, by their names.
   */
  prepare(
    platforms: readonly Platform[],
    progress: Progress,
    lastWakes?: ReadonlyMap<string, number>,
  ): Promise<Attempt>;
  /**
   * Makes ready for a build that puts together what nodes have pushed, on the node of the first platform alone.
   * @param woken the platforms whose nodes are to be awake, its own among them.
   */
  prepareIndex(platforms: readonly Platform[], woken: readonly Platform[], progress: Progress): Promise<Attempt>;
  /** After a failed build: repairs what can be repaired, and says whether to build again. Explains a failure that stays. */
  recover(attempt: Attempt, error: string, progress: Progress): Promise<boolean>;
  /** Releases what `prepare` acquired, whether the build succeeded or failed. Never throws. */
  finish(attempt: Attempt, hasFailed: boolean): Promise<void>;
  /** A better explanation of a build error that is no loss of a node, if there is one. */
  explain(attempt: ExplainedAttempt, error: string): string | undefined;
  /** Number of nodes that build these platforms. With more than one, the provider itself pushes the index. */
  nodeCount(platforms: readonly Platform[]): number;
  /** The nodes that build these platforms, for a report. Not there where nodes can't be asked. */
  nodeViews?(platforms: readonly Platform[]): NodeView[];
  /** What the nodes recorded of the builds that pushed these digests. Not there where nodes can't be asked. */
  readProvenance?(repository: string, digests: PlatformDigests): Promise<RecordedProvenance[]>;
}

// runc says "exec format error" in the step's output, and its exit code is all that BuildKit's error holds of it.
const executionFailed = /exec format error|did not complete successfully: exit code: (1|255)\b/;

/** What a step that could not be executed means on a node that is not native, or nothing. */
export function explainForeign<T extends DescribedNode>(
  nodes: readonly T[],
  platforms: readonly Platform[],
  error: string,
  /** Whether a node's daemon runs programs of a platform that is not its machine's own. */
  isListed: (node: T, platform: Platform) => boolean = () => false,
): string | undefined {
  const foreign = platforms
    .map((platform) => ({ platform, node: nodeOf(nodes, platform) }))
    .filter(({ platform, node }) => (node.platform === platform ? node.native === false : !isListed(node, platform)));
  if (foreign.length === 0 || !executionFailed.test(error)) {
    return undefined;
  }
  const causes = foreign.map(({ platform, node }) =>
    node.platform === platform
      ? `${title(node)} is not native: RUN steps for ${platform} need a machine of it`
      : `${title(node)} has no emulator for ${platform}: RUN steps for it need one, or a machine of it`,
  );
  return (
    `If the step's output says "exec format error": ${causes.join("; ")}. Fix: a node of kind "remote" on such a machine, ` +
    "a Dockerfile without RUN for this platform, or cross-compilation (FROM --platform=$BUILDPLATFORM)."
  );
}
