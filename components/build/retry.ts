/** What a failed build calls for. */
export type Verdict =
  | "cancelled"
  | "node-lost"
  | "disk-full"
  /** A RUN step failed, and only its own output can tell whether that was for lack of space. */
  | "step-failed"
  /** A registry wants fewer requests. */
  | "registry-busy"
  | "final";

// What gRPC and BuildKit's session say when the other end is gone. Never the words of a failed step.
const lostNodeMessages: readonly RegExp[] = [
  /code = Unavailable/,
  /closing transport/,
  /transport is closing/,
  /error reading from server: EOF/,
  /connection (reset by peer|refused)/,
  /broken pipe/,
  /no active session/,
  /failed to list workers/,
  /waiting for connection/,
  /context deadline exceeded/,
];

// The first is of Go's net/http, the second of registries: https://distribution.github.io/distribution/spec/api/#errors-2
// BuildKit itself asks again after 5xx, and not after 429:
// https://github.com/moby/buildkit/blob/v0.33.1/util/resolver/retryhandler/retry.go
const registryBusy = /429 Too Many Requests|toomanyrequests/i;

/** Linux's words for ENOSPC, with which programs in steps end, too: https://man7.org/linux/man-pages/man3/errno.3.html */
export const diskFull = /no space left on device/i;

/**
 * Says whether a build failed because it was cancelled, for a reason that passes, or for good.
 * @param error the newest error of the step.
 * @param nodeHungUp whether a node of the build ended a connection since the build began.
 */
export function judge(error: string, nodeHungUp: boolean): Verdict {
  // First of all: Pulumi would start a cancelled build again and again.
  if (/context canceled|code = Canceled/.test(error)) {
    return "cancelled";
  }
  // Before the others: the error holds the step's command, which may have any words in it.
  if (/did not complete successfully: exit code/.test(error)) {
    return "step-failed";
  }
  if (diskFull.test(error)) {
    return "disk-full";
  }
  if (registryBusy.test(error)) {
    return "registry-busy";
  }
  return nodeHungUp || lostNodeMessages.some((pattern) => pattern.test(error)) ? "node-lost" : "final";
}
