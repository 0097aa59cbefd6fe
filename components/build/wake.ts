import { setTimeout as sleep } from "node:timers/promises";

import { type DaemonInfo, readDaemonInfo } from "../buildkit/client";
import { BuildError } from "../errors";
import { describeFailure, type Failure } from "./failures";
import type { DescribedNode, Progress, RunNode } from "./node";
import type { Relay } from "./relay";

const pollMilliseconds = 1_000;
// A daemon that is just starting answers within a second or two.
const quickPollMilliseconds = 200;
const quickPollsMilliseconds = 3_000;
const answerTimeoutMilliseconds = 6_000;
const progressEveryMilliseconds = 3_000;

/** Wakes the node, points the relay at it and waits until its daemon lists its workers. */
export async function wakeNode(
  node: RunNode,
  relay: Relay,
  timeoutSeconds: number,
  progress: Progress,
): Promise<DaemonInfo> {
  const start = Date.now();
  const deadline = start + timeoutSeconds * 1_000;
  let lastProgress = start;
  for (;;) {
    // Each time: a node may end or move while we wait for it.
    relay.point(node.name, await node.wake(progress));
    const answer = await ask(node, relay, Math.min(answerTimeoutMilliseconds, Math.max(1, deadline - Date.now())));
    if (!("cause" in answer)) {
      return answer;
    }
    if (answer.permanent) {
      throw new BuildError(`${title(node)}: ${answer.cause}. Fix: ${answer.fix}.`);
    }
    const seconds = Math.round((Date.now() - start) / 1_000);
    if (Date.now() + pollMilliseconds >= deadline) {
      throw new BuildError(
        `${title(node)} did not answer within ${timeoutSeconds} s (wakeTimeoutSeconds): ${answer.cause}. Fix: ${answer.fix}.`,
      );
    }
    if (Date.now() - lastProgress >= progressEveryMilliseconds) {
      lastProgress = Date.now();
      progress(`waiting for node ${node.name}, ${seconds} s of at most ${timeoutSeconds} s: ${answer.cause}`, true);
    }
    await sleep(Date.now() - start < quickPollsMilliseconds ? quickPollMilliseconds : pollMilliseconds);
  }
}

/** A node's name and address, as messages begin. */
export function title(node: DescribedNode): string {
  return `node ${node.name} (${node.platform}, ${node.address})`;
}

async function ask(node: RunNode, relay: Relay, timeoutMilliseconds: number): Promise<DaemonInfo | Failure> {
  const done = new AbortController();
  try {
    // gRPC hides why a connection failed, and tries again and again; the relay knows at once.
    const failed = relay.nextFailure(node.name, done.signal).then((error) => Promise.reject(error));
    const info = await Promise.race([readDaemonInfo(relay.socket(node.name), timeoutMilliseconds), failed]);
    if (info.platforms.length === 0) {
      return { cause: "its daemon has no worker", fix: "look at the log of buildkitd on the node", permanent: false };
    }
    return info;
  } catch (error) {
    return describeFailure(error as Error);
  } finally {
    done.abort();
  }
}
