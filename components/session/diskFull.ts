import { setTimeout as sleep } from "node:timers/promises";

import { prune, readFailedLog, writeFile } from "../buildkit/client";
import { BuildError } from "../support/errors";
import type { RunNode } from "../nodes/node";
import type { Progress } from "../support/progress";
import type { Relay } from "../transport/relay";
import { diskFull } from "./verdict";
import { reportWhile, waitFor } from "../support/progress";
import { title } from "../nodes/node";

const pruneTimeoutMilliseconds = 60_000;
const answerTimeoutMilliseconds = 5_000;
// More than a file system gives back between the step's last write and this one.
const testFileBytes = 1024 * 1024;
// BuildKit gives up what a failed build held some time later, with its own garbage collection: once a minute at most
// (`throttledGC` in https://github.com/moby/buildkit/blob/v0.33.1/control/control.go).
const mostWaitSeconds = 75;
const pruneEverySeconds = 10;
const mostSpareTries = 8;
// Twice what EC2 nodes keep for such a moment (machine/spare.py); garbage collection keeps a fifth of a disk free.
const fullBelowBytes = 128 * 1024 * 1024;
// A pull or an export that failed has given back what it had written. Garbage collection keeps more than that free on the
// disks of EC2 nodes.
const fullBesideBuildBytes = 2 * 1024 * 1024 * 1024;
// Of BuildKit's content store, its snapshots and its databases.
const ownFiles = /\/(?:(?:ingest|snapshots)\/\S+|\w+\.db): no space left on device/i;

/**
 * "freed": a disk was full, and part of its cache is removed by now; "said": something of the build says so, and the disks of
 * its nodes have room.
 */
export type DiskVerdict = "full" | "freed" | "said" | "other";

/**
 * Whether a build failed because the disk of a node is full.
 *
 * Whoever says so is not believed alone: a step may have it of a tmpfs or of its own tests, `COPY` has it in a file's name, a
 * registry of its own disk; and the cache is that of all who build on the node. The daemon proves it: it can't write a file,
 * or little is free. An error that names BuildKit's own files is no proof, because a Dockerfile can have such names: it only
 * lets more free space count as little.
 */
export async function findDiskFull(
  nodes: readonly RunNode[],
  relay: Relay,
  error: string,
  isStep: boolean,
): Promise<DiskVerdict> {
  const verdicts = await Promise.all(nodes.map(({ name }) => askNode(relay.socket(name), error, isStep)));
  const order: readonly DiskVerdict[] = ["full", "freed", "said"];
  return order.find((each) => verdicts.includes(each)) ?? "other";
}

async function askNode(socket: string, error: string, isStep: boolean): Promise<DiskVerdict> {
  if (diskFull.test(await whyNoFile(socket))) {
    return "full";
  }
  // BuildKit's error has only the step's command and exit code. The daemon keeps what the step wrote.
  const log = isStep ? await readFailedLog(socket, error, answerTimeoutMilliseconds).catch(() => "") : error;
  if (!diskFull.test(log)) {
    return "other";
  }
  // By then an EC2 node has given the space that it keeps for this moment. The file that was just written can go, too.
  const below = !isStep && ownFiles.test(error) ? fullBesideBuildBytes : fullBelowBytes;
  const freed = await prune(socket, pruneTimeoutMilliseconds, below).catch(() => 0);
  return freed > 0 ? "freed" : "said";
}

/** What the daemon says when it can't write a small file; nothing when it can. */
async function whyNoFile(socket: string): Promise<string> {
  return writeFile(socket, testFileBytes, answerTimeoutMilliseconds).then(
    () => "",
    (error: Error) => error.message,
  );
}

/** Removes from the nodes' disks what no build uses, and waits until that is anything, unless some of it `isFreed`. */
export async function makeRoom(
  nodes: readonly RunNode[],
  relay: Relay,
  progress: Progress,
  isFreed: boolean,
): Promise<void> {
  const names = nodes.map(({ name }) => name).join(", ");
  progress(`the disk of node ${names} is full; removing what no build uses, to build again`);
  await reportWhile(
    `waiting for space to note that on node ${names}`,
    Promise.all(nodes.map((node) => waitForSpare(node, relay))),
    progress,
  );
  for (let waited = 0; ; waited += pruneEverySeconds) {
    const outcomes = await Promise.all(nodes.map((node) => pruneNode(node, relay, progress)));
    if (isFreed || outcomes.some((freed) => freed !== "no room" && freed > 0)) {
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

/** EC2 nodes keep some space for this moment (machine/spare.py), and give it when the disk was full for a second or two. */
async function waitForSpare({ name }: RunNode, relay: Relay): Promise<void> {
  for (let tries = 0; tries < mostSpareTries && diskFull.test(await whyNoFile(relay.socket(name))); tries += 1) {
    await sleep(1_000);
  }
}

/** How many bytes that freed, or that there is no room even for that. */
async function pruneNode(node: RunNode, relay: Relay, progress: Progress): Promise<number | "no room"> {
  try {
    const pruning = prune(relay.socket(node.name), pruneTimeoutMilliseconds);
    const bytes = await reportWhile(`removing the cache of node ${node.name}`, pruning, progress);
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
