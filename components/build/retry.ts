/** What a failed build calls for. */
export type Verdict = "cancelled" | "node-lost" | "final";

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

/**
 * Says whether a build failed because it was cancelled, because a node was lost, or for good.
 * @param error the newest error of the step.
 * @param nodeHungUp whether a node of the build ended a connection since the build began.
 */
export function judge(error: string, nodeHungUp: boolean): Verdict {
  // First of all: Pulumi would start a cancelled build again and again.
  if (/context canceled|code = Canceled/.test(error)) {
    return "cancelled";
  }
  if (/did not complete successfully: exit code/.test(error)) {
    return "final";
  }
  return nodeHungUp || lostNodeMessages.some((pattern) => pattern.test(error)) ? "node-lost" : "final";
}
