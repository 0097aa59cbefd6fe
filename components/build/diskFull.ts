import { prune, readFailedLog } from "../buildkit/client";
import { BuildError } from "../errors";
import type { Progress, RunNode } from "./node";
import type { Relay } from "./relay";
import { diskFull } from "./retry";
import { told, waitFor } from "./waiting";
import { title } from "./wake";

const pruneTimeoutMilliseconds = 60_000;
const logTimeoutMilliseconds = 5_000;
// BuildKit gives up what a failed build held some time later, with its own garbage collection: once a minute at most
// (`throttledGC` in https://github.com/moby/buildkit/blob/v0.33.1/control/control.go).
const mostWaitSeconds = 75;
const pruneEverySeconds = 10;

/**
 * Whether a step that failed said that the disk is full. BuildKit's error has only the step's command and exit code; the
 * daemon keeps what the step wrote. A step may say so of a tmpfs: that costs one more build.
 */
export async function stepFilledDisk(nodes: readonly RunNode[], relay: Relay, error: string): Promise<boolean> {
  const logs = await Promise.all(
    nodes.map(({ name }) => readFailedLog(relay.socket(name), error, logTimeoutMilliseconds).catch(() => "")),
  );
  return logs.some((log) => diskFull.test(log));
}

/** Removes from the nodes' disks what no build uses, and waits until that is anything. */
export async function makeRoom(nodes: readonly RunNode[], relay: Relay, progress: Progress): Promise<void> {
  const names = nodes.map(({ name }) => name).join(", ");
  progress(`the disk of node ${names} is full; removing what no build uses, to build again`);
  for (let waited = 0; ; waited += pruneEverySeconds) {
    const outcomes = await Promise.all(nodes.map((node) => pruneNode(node, relay, progress)));
    if (outcomes.some((freed) => freed !== "no room" && freed > 0)) {
      return;
    }
    // Its metadata are on the same disk. It forgets what it could not remove until it starts anew, so that asking again
    // frees nothing.
    const stuck = nodes.filter((_, at) => outcomes[at] === "no room");
    if (stuck.length > 0) {
      throw stuckError(stuck);
    }
    if (waited + pruneEverySeconds > mostWaitSeconds) {
      return;
    }
    await waitFor(`BuildKit to give up space on node ${names}`, pruneEverySeconds, progress);
  }
}

export function stillFullError(nodes: readonly RunNode[]): BuildError {
  const which = nodes.map(title).join(" or ");
  return new BuildError(
    `${which}: its disk was full, its cache was removed, and the build filled it again. ` +
      "Fix: more space for BuildKit's state there (`cacheVolumeSizeGibibytes` of an EC2 node, whose volume grows in place), " +
      "or fewer builds at the same time.",
  );
}

function stuckError(nodes: readonly RunNode[]): BuildError {
  return new BuildError(
    `${nodes.map(title).join(" and ")}: its disk is so full that BuildKit has no room to note what it would remove. ` +
      "Fix: more space for BuildKit's state there (`cacheVolumeSizeGibibytes` of an EC2 node; its file system grows at its next start), " +
      "or remove something else from that disk; then restart buildkitd.",
  );
}

/** How many bytes that freed, or that there is no room even for that. */
async function pruneNode(node: RunNode, relay: Relay, progress: Progress): Promise<number | "no room"> {
  try {
    const pruning = prune(relay.socket(node.name), pruneTimeoutMilliseconds);
    const bytes = await told(`removing the cache of node ${node.name}`, pruning, progress);
    if (bytes > 0) {
      progress(`node ${node.name}: ${formatBytes(bytes)} of its cache were removed`);
    }
    return bytes;
  } catch (error) {
    const { message } = error as Error;
    progress(`node ${node.name}: its cache could not be removed: ${message}`);
    return diskFull.test(message) ? "no room" : 0;
  }
}

function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
