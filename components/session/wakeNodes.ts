import { setTimeout as sleep } from "node:timers/promises";

import { type DaemonInfo, readDaemonInfo } from "../buildkit/client";
import { BuildError } from "../support/errors";
import type { Endpoint } from "../transport/endpoint";
import type { Failure } from "../transport/failures";
import { type RunNode, title, type Waiting } from "../nodes/node";
import type { Progress } from "../support/progress";
import type { Relay } from "../transport/relay";
import { explainFailure } from "../transport/tlsFailures";

const pollMilliseconds = 1_000;
// A daemon that is just starting answers within a second or two.
const quickPollMilliseconds = 200;
const quickPollsMilliseconds = 3_000;
const answerTimeoutMilliseconds = 6_000;
const progressEveryMilliseconds = 3_000;
/** How long a node that answered before may be silent until another is asked for: a daemon restarts in less. */
const replaceAfterMilliseconds = 20_000;

/**
 * Wakes the node, points the relay at it and waits until its daemon lists its workers.
 * @param hasAnswered whether it did so before in this update: then another may take its place, once.
 * @param lastSeconds how long that took in an earlier update.
 */
export async function wakeNode(
  node: RunNode,
  relay: Relay,
  timeoutSeconds: number,
  progress: Progress,
  hasAnswered = false,
  lastSeconds?: number,
): Promise<DaemonInfo> {
  let start = Date.now();
  let deadline = start + timeoutSeconds * 1_000;
  let lastProgress = start;
  let said: Failure | Waiting | undefined;
  let replaceAt = hasAnswered && node.replace ? start + replaceAfterMilliseconds : Infinity;
  for (;;) {
    if (Date.now() >= replaceAt) {
      const isReplaced = await node.replace?.(relay.connections(node.name).length > 0, progress);
      replaceAt = isReplaced ? Infinity : Date.now() + replaceAfterMilliseconds;
      if (isReplaced) {
        start = Date.now();
        deadline = start + timeoutSeconds * 1_000;
      }
    }
    // Each time: a node may end or move while we wait for it.
    const woken = await node.wake(progress);
    if ("waitingFor" in woken) {
      // It is being started anew already.
      replaceAt = Infinity;
    }
    relay.point(node.name, "waitingFor" in woken ? undefined : woken);
    const left = Math.max(1, deadline - Date.now());
    const timeout = Math.min(answerTimeoutMilliseconds, left);
    const answer = "waitingFor" in woken ? woken : await ask(node, woken, relay, timeout);
    if ("platforms" in answer) {
      return answer;
    }
    if ("permanent" in answer && answer.permanent) {
      throw new BuildError(`${title(node)}: ${answer.cause}. Fix: ${answer.fix}.`);
    }
    // The last try may be too short for an answer: then what the one before had is the reason.
    said = said && timeout < answerTimeoutMilliseconds ? said : answer;
    if (Date.now() + pollMilliseconds >= deadline) {
      const error = await lateError(node, timeoutSeconds, said);
      await node.giveUp?.(progress);
      throw error;
    }
    if (Date.now() - lastProgress >= progressEveryMilliseconds) {
      lastProgress = Date.now();
      const seconds = Math.round((Date.now() - start) / 1_000);
      const cause = "waitingFor" in said ? said.waitingFor : said.cause;
      const last = lastSeconds === undefined ? undefined : `${Math.round(lastSeconds)} s last time`;
      const usual = [last, node.usual?.()].filter(Boolean).join("; ");
      progress(
        `waiting for node ${node.name}, ${seconds} s of at most ${timeoutSeconds} s${usual ? ` (${usual})` : ""}: ${cause}`,
        true,
      );
    }
    await sleep(Date.now() - start < quickPollsMilliseconds ? quickPollMilliseconds : pollMilliseconds);
  }
}

async function lateError(node: RunNode, timeoutSeconds: number, answer: Failure | Waiting): Promise<BuildError> {
  const reason =
    "waitingFor" in answer ? `still waiting for ${answer.waitingFor}.` : `${answer.cause}. Fix: ${answer.fix}.`;
  const diagnosis = await node.diagnose?.();
  return new BuildError(
    [`${title(node)} did not answer within ${timeoutSeconds} s (wakeTimeoutSeconds): ${reason}`, diagnosis]
      .filter(Boolean)
      .join("\n"),
  );
}

async function ask(
  node: RunNode,
  endpoint: Endpoint,
  relay: Relay,
  timeoutMilliseconds: number,
): Promise<DaemonInfo | Failure> {
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
    return explainFailure(error as Error, endpoint);
  } finally {
    done.abort();
  }
}
