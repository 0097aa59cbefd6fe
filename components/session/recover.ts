import { BuildError } from "../support/errors";
import { findDiskFull, makeRoom, stillFullError } from "./diskFull";
import type { RunNode } from "../nodes/node";
import type { Progress } from "../support/progress";
import type { Relay } from "../transport/relay";
import type { Attempt } from "./session";
import { classifyFailure, type Remedy } from "./verdict";
import { waitFor } from "../support/progress";

// A node that is lost three times during one image is not going to hold.
const mostRetries = 3;
// Registries count requests in windows of seconds to minutes. Docker Hub's window of hours is not waited for.
const busyWaitsSeconds: readonly number[] = [5, 15, 45];

/** Where a build failed. */
export interface FailedBuild {
  nodes: readonly RunNode[];
  /** Those that ended a connection during the build. */
  lost: readonly string[];
  /** Whether the provider still has a connection to one of them. */
  isProviderConnected: boolean;
  /** Whether the log says already what the failure means. */
  isExplained: boolean;
  relay: Relay;
}

/**
 * After a failed build: does what must be done before it can begin again, except that nodes may sleep. Says whether
 * anything can be; each remedy is limited.
 * @throws BuildError for what was repaired before, and failed again; and with what a failure means that stays, and whose it is.
 */
export async function recoverBuild(
  attempt: Attempt,
  error: string,
  failed: FailedBuild,
  progress: Progress,
): Promise<boolean> {
  if (attempt.givenUp) {
    throw new BuildError(attempt.givenUp);
  }
  const { isProviderConnected } = failed;
  const { remedy, words } = classifyFailure(error, { nodeHungUp: failed.lost.length > 0, isProviderConnected });
  const isRepaired = await apply(remedy, attempt, error, failed, progress);
  if (!isRepaired && words && !failed.isExplained) {
    throw new BuildError(words);
  }
  return isRepaired;
}

async function apply(
  remedy: Remedy,
  attempt: Attempt,
  error: string,
  failed: FailedBuild,
  progress: Progress,
): Promise<boolean> {
  switch (remedy) {
    case "wake":
      countLoss(attempt, failed, progress);
      return true;
    case "make room":
    case "look at step":
      return recoverFromFullDisk(attempt, error, remedy === "look at step", failed, progress);
    case "wait for registry":
      await waitForRegistry(attempt, progress);
      return true;
    case "none":
      return false;
    default:
      return remedy satisfies never;
  }
}

function countLoss(attempt: Attempt, { lost, nodes }: FailedBuild, progress: Progress): void {
  const names = (lost.length > 0 ? lost : nodes.map(({ name }) => name)).join(", ");
  attempt.retries += 1;
  if (attempt.retries > mostRetries) {
    throw new BuildError(
      `node ${names} was lost ${attempt.retries} times during this build: look at buildkitd's log there`,
    );
  }
  progress(`node ${names} was lost during the build; waking it to build again (${attempt.retries} of ${mostRetries})`);
}

async function recoverFromFullDisk(
  attempt: Attempt,
  error: string,
  isStep: boolean,
  failed: FailedBuild,
  progress: Progress,
): Promise<boolean> {
  const verdict = await findDiskFull(failed.nodes, failed.relay, error, isStep);
  if (verdict === "full" || verdict === "freed") {
    await makeRoomOnce(attempt, failed, progress, verdict === "freed");
    return true;
  }
  if (verdict === "other") {
    return false;
  }
  const names = failed.nodes.map(({ name }) => name).join(", ");
  const what = `no space is left, it is said, but the disk of node ${names} has room: its cache stays`;
  if (attempt.hasIgnoredRoom) {
    progress(
      `${what}. A tmpfs, a registry or a test may say so. ` +
        "Fix: correct that step; if it needs more than was free there, more space (`cacheVolumeSizeGibibytes` of an EC2 node)",
    );
    return false;
  }
  attempt.hasIgnoredRoom = true;
  progress(`${what}. Building again, once: other builds may have taken the space for a while`);
  return true;
}

async function makeRoomOnce(
  attempt: Attempt,
  { nodes, relay }: FailedBuild,
  progress: Progress,
  isFreed: boolean,
): Promise<void> {
  if (attempt.hasMadeRoom) {
    throw stillFullError(nodes);
  }
  attempt.hasMadeRoom = true;
  await makeRoom(nodes, relay, progress, isFreed);
}

async function waitForRegistry(attempt: Attempt, progress: Progress): Promise<void> {
  const most = busyWaitsSeconds.length;
  const seconds = busyWaitsSeconds[attempt.busyRetries];
  if (seconds === undefined) {
    throw new BuildError(
      `a registry answered ${most + 1} times that it has too many requests (429). ` +
        "Fix: try again later, build fewer images at the same time, or log in: registries allow more to those they know (`registries`).",
    );
  }
  attempt.busyRetries += 1;
  progress(
    `a registry has too many requests (429); building again in ${seconds} s (${attempt.busyRetries} of ${most})`,
  );
  await waitFor("the registry", seconds, progress);
}
