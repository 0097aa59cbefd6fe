import { explainAnswer, type Party } from "./answers";
import { explainDockerfile } from "./dockerfileErrors";

/** What may make it good. "look at step": a RUN step failed, and only its own output can show whether that was for lack of space. */
export type Remedy = "none" | "wake" | "make room" | "look at step" | "wait for registry";

export interface Verdict {
  party: Party;
  remedy: Remedy;
  /** What it means and what to do, where the error does not say so itself. */
  words?: string;
}

/** What is known of a failure besides its text. */
export interface Evidence {
  /** A node of the build ended a connection since the build began. */
  nodeHungUp: boolean;
  /** The provider still has a connection to a node of the build. It keeps one to each as long as it lives. */
  isProviderConnected: boolean;
}

/** Linux's words for ENOSPC, with which programs in steps end, too: https://man7.org/linux/man-pages/man3/errno.3.html */
export const diskFull = /no space left on device/i;

// The first is of Go's net/http, the second of registries: https://distribution.github.io/distribution/spec/api/#errors-2
// BuildKit itself asks again after 5xx, and not after 429:
// https://github.com/moby/buildkit/blob/v0.33.1/util/resolver/retryhandler/retry.go
const registryBusy = /429 Too Many Requests|toomanyrequests/i;

// What the engine says when its own connection to a plugin ends, and when it dials a plugin that has ended: nothing before
// it. Of a lost node BuildKit's client says so, in words around these.
// https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/util/rpcutil/rpcerror/rpcerror.go
const pluginGone = [
  /^error reading from server: (?:EOF|read tcp .*)$/,
  /Error while dialing: dial tcp (?:127\.0\.0\.1|\[::1\]):\d+: connect: connection refused/,
  /exited prematurely/,
];

// What gRPC and BuildKit's session say when the other end is gone. Never the words of a failed step.
const lostNodeMessages: readonly RegExp[] = [
  /code = Unavailable/,
  /closing transport/,
  /transport is closing/,
  /error reading from server: EOF/,
  // Nodes are reached through sockets; `dial tcp` and `read tcp` are of registries and other servers.
  /unix .*(?:connection (?:reset by peer|refused)|broken pipe)/,
  /no active session/,
  /failed to list workers/,
  /waiting for connection/,
  /context deadline exceeded/,
];

/**
 * Says whose fault a failed build is, and what may make it good: by what happened at the connections, and where that says
 * nothing, by who is quoted in the error.
 * @param error the newest error of the step.
 */
export function classifyFailure(error: string, { nodeHungUp, isProviderConnected }: Evidence): Verdict {
  // First of all: Pulumi would start a cancelled build again and again.
  if (/context canceled|code = Canceled/.test(error)) {
    return { party: "caller", remedy: "none" };
  }
  // Before the others: the error holds the step's command, which may have any words in it.
  if (/did not complete successfully: exit code/.test(error)) {
    return { party: "Dockerfile", remedy: "look at step", words: explainDockerfile(error) };
  }
  if (diskFull.test(error)) {
    return { party: "disk", remedy: "make room" };
  }
  if (registryBusy.test(error)) {
    return { party: "registry", remedy: "wait for registry" };
  }
  if (nodeHungUp) {
    return { party: "node", remedy: "wake" };
  }
  if (pluginGone.some((pattern) => pattern.test(error)) && !isProviderConnected) {
    return { party: "provider", remedy: "none", words: providerGone };
  }
  const answered = explainAnswer(error);
  if (answered) {
    return { ...answered, remedy: "none" };
  }
  if (lostNodeMessages.some((pattern) => pattern.test(error))) {
    return { party: "node", remedy: "wake" };
  }
  const words = explainDockerfile(error);
  return words ? { party: "Dockerfile", remedy: "none", words } : { party: "unknown", remedy: "none" };
}

/** The process that builds for Pulumi has ended: no node is to blame, and it does not come back in this update. */
export const providerGone =
  "the docker-build provider, a process of Pulumi on this machine, has ended during the build; no node hung up. " +
  "Fix: `pulumi up` again. If it ends again, what it said last is below; where it says nothing, it was killed, mostly for lack " +
  "of memory (`dmesg`): give this machine more, or build fewer images at the same time (`--parallel`).";
