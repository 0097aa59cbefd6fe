import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { denial } from "./errors";
import { explainEvent } from "./explain";

/** What a node's Job and pod are at the moment. */
export type State =
  /** There is no Job. */
  | { kind: "absent" }
  /** It was asked to end, and has not yet. */
  | { kind: "ending"; words: string }
  /** It has ended, and is kept for its log. */
  | { kind: "ended"; pod: string | undefined; words: string; isFailed: boolean }
  /** One that runs may hold builds, also where it is not ready. */
  | { kind: "starting"; words: string; isRunning: boolean }
  | { kind: "refused"; words: string }
  | { kind: "ready"; pod: string };

/** What was asked of the cluster about one node. */
export interface Seen {
  job: V1Job | undefined;
  /** With the node's label, also of a Job that is gone. */
  pods: readonly V1Pod[];
  /** Of the Job, its pod and its claim; newest last. */
  events: readonly CoreV1Event[];
  platform: string;
}

/** How Kubernetes tells a node's state, in words. */
export function stateOf(seen: Seen): State {
  const { job, pods } = seen;
  const isOwn = ({ metadata }: V1Pod) =>
    job !== undefined && metadata?.ownerReferences?.some(({ uid }) => uid === job.metadata?.uid);
  const state = ownState({ ...seen, pods: pods.filter(isOwn) });
  // The garbage collector deletes a Job at once, and its pod has the cache until that has drained: two can't have it.
  // https://kubernetes.io/docs/concepts/architecture/garbage-collection/#background-deletion
  const other = pods.find((pod) => !isOwn(pod) && !hasEnded(pod));
  return other && (state.kind === "absent" || state.kind === "starting" || state.kind === "ended")
    ? { kind: "ending", words: `pod ${other.metadata?.name} of an earlier Job, which may be building, to be gone` }
    : state;
}

/** Jobs of one name come one after the other, and events outlive them. */
export function isSince(job: V1Job | undefined): (event: { lastTimestamp?: Date; eventTime?: unknown }) => boolean {
  const made = new Date(job?.metadata?.creationTimestamp ?? 0).getTime();
  return ({ lastTimestamp, eventTime }) =>
    new Date((lastTimestamp ?? eventTime ?? 0) as Date | string).getTime() >= made;
}

function ownState({ job, pods, events, platform }: Seen): State {
  if (!job) {
    return { kind: "absent" };
  }
  const pod = [...pods].sort((one, other) => ageOf(one) - ageOf(other)).at(-1);
  const name = pod?.metadata?.name;
  if (job.metadata?.deletionTimestamp) {
    return { kind: "ending", words: `its last pod${name ? ` ${name}` : ""} to end` };
  }
  const ending = job.status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
  if (ending) {
    const words = pod ? whyEnded(pod) : undefined;
    return { kind: "ended", pod: name, isFailed: ending.type === "Failed", words: words ?? ending.message ?? "" };
  }
  if (!pod) {
    const refused = newest(events, "FailedCreate");
    const why = refused && denial(refused.message ?? "");
    if (refused && why) {
      const words = `${why.cause}. Fix: ${why.fix}`;
      return why.isPassing ? { kind: "starting", words, isRunning: false } : { kind: "refused", words };
    }
    return { kind: "starting", words: refused?.message ?? "its pod to be made", isRunning: false };
  }
  if (pod.metadata?.deletionTimestamp) {
    return { kind: "ending", words: `pod ${name}, which was asked to end and may be building, to be gone` };
  }
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  if (isReady && name) {
    return { kind: "ready", pod: name };
  }
  const isRunning = pod.status?.phase === "Running";
  return { kind: "starting", words: whyNotReady(pod, events, platform), isRunning };
}

function whyNotReady(pod: V1Pod, events: readonly CoreV1Event[], platform: string): string {
  const name = pod.metadata?.name ?? "";
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    return explainEvent("FailedScheduling", scheduled.message ?? "", platform) ?? `a machine for pod ${name}`;
  }
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const warning = [...events].reverse().find(({ type }) => type === "Warning");
  const told =
    (waiting?.message ? explainEvent(waiting.reason ?? "", waiting.message, platform) : undefined) ??
    (warning ? explainEvent(warning.reason ?? "", warning.message ?? "", platform) : undefined);
  if (told) {
    return told;
  }
  return waiting?.reason ? `pod ${name}: ${waiting.reason}` : `buildkitd in pod ${name} to answer`;
}

/** As `Evicted: The node was low on resource: ephemeral-storage.` */
function whyEnded({ metadata, spec, status }: V1Pod): string | undefined {
  const ended = status?.containerStatuses?.[0]?.state?.terminated;
  const reason = status?.reason ?? ended?.reason;
  const message = status?.message ?? ended?.message;
  const words = [reason, message].filter(Boolean).join(": ");
  const code = ended && ended.exitCode !== 0 ? ` (exit code ${ended.exitCode})` : "";
  const { memory = "" } = spec?.containers[0]?.resources?.limits ?? {};
  const fix = reason === "OOMKilled" ? `. Fix: more than ${memory || "now"} in \`resources.memory\`` : "";
  return words ? `pod ${metadata?.name}: ${words}${code}${fix}` : undefined;
}

function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function newest(events: readonly CoreV1Event[], reason: string): CoreV1Event | undefined {
  return [...events].reverse().find((event) => event.reason === reason);
}

function ageOf({ metadata }: V1Pod): number {
  return new Date(metadata?.creationTimestamp ?? 0).getTime();
}
