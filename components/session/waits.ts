import type { OpenStep } from "../buildkit/builds";
import { isGitLocation } from "../context/git";
import { withoutLogins } from "../support/withoutLogins";
import type { Attempt } from "./session";
import type { World } from "./world";

/** How many looks in a row see the same, until a wait ends, or until a server is asked from here, and again after each so many. */
export interface WaitLimits {
  /** A registry was asked for a base image's description, a few kilobytes, or sends a layer: no byte comes. */
  askedLooks: number;
  /** The server of an ADD has not begun to answer: it may have to make first what it sends. */
  addedLooks: number;
  /** Nothing moves in a push or in what is written to a cache, as far as BuildKit reports. */
  pushedLooks: number;
  /** Git is fetched from, or a file is downloaded for an ADD: BuildKit reports nothing of either. */
  fetchedLooks: number;
}

/** A step, and for an ADD whether the servers of all that are open on its node have begun to answer. */
export interface WatchedStep extends OpenStep {
  /** The build that it is of, on its node. */
  build: string;
  isAnswered?: boolean;
}

/** What a build waits for. */
export interface Wait {
  kind: string;
  /** That nothing has come for so many seconds. */
  what: (seconds: number) => string;
  /** What the user can do, before "`pulumi up` again later". */
  fix: string;
  /** What is known of its end: the node has no answer, which is judged by time; or its server is asked from here. */
  by: { most: number; because: string } | AskedFromHere;
}

interface AskedFromHere {
  /** After so many looks, and again. */
  every: number;
  /** So many silent answers in a row are the end. */
  most: number;
  isSilent?: () => Promise<boolean>;
  /** That the server gives this machine no answer either. */
  silence: string;
  /** Whether the log says so before the server is asked for the first time. */
  isLoggedBefore: boolean;
}

// Steps in which BuildKit asks a registry for a few bytes, and downloads nothing:
// https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert.go
// https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/bridge.go
const askingStep =
  /^(\[internal\] load metadata for |resolve image config for (?:docker-image:\/\/)?|importing cache manifest from )(\S+)/;

// Of layers that are being downloaded it says how far they are: https://github.com/moby/buildkit/blob/v0.33.1/util/pull/pullprogress/progress.go
const baseStep = /(?:^|\] )(?:FROM |docker-image:\/\/)(\S+)/;
const layerPart = /^sha256:[0-9a-f]{64} \d+$/;

// It says of a push, and of what it writes to a cache, only that it has begun:
// https://github.com/moby/buildkit/blob/v0.33.1/util/push/push.go
// https://github.com/moby/buildkit/blob/v0.33.1/cache/remotecache/export.go
const pushingPart = /^pushing (?:layers|manifest)/;
const cachingStep = /^exporting cache to /;
const writingPart = /^writing (?:layer|config|cache )/;

// https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerui/context.go (`DetectGitContext`)
const fetchingStep = /^\[internal\] load git source (\S+)/;
// Of a file from elsewhere, it has a vertex without inputs: https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert_copy.go
const addingStep = /^(?:\[[^\]]*\] (ADD .*)|\[internal\] (load remote build context))/s;
const addedSource = /[^\s"',[\]]+/g;

// This machine has found it before: it can reach the server.
const pinnedSource = /#[0-9a-f]{40,64}(?::|$)/;
const mostSilentAnswers = 3;
// A server that this machine never reached may be one that only nodes reach, and a repository large.
const mostSilentAnswersOfUnknown = 6;

/** Whether a step is the download of what an ADD, or a context, names by its URL. */
export function isAdding({ name, isSource }: Omit<OpenStep, "digest">): boolean {
  return isSource && addingStep.test(name) && addedGit(name) === undefined;
}

/** What a step waits for, or nothing where it does something itself. */
export function waitOf(
  step: Omit<WatchedStep, "build" | "digest">,
  node: string,
  attempt: Pick<Attempt, "isRegistrySilent" | "cacheServers">,
  world: Pick<World, "isGitServerSilent" | "isServerSilent">,
  limits: WaitLimits,
): Wait | undefined {
  const { name, parts, isSource } = step;
  const [, doing = "", asked] = askingStep.exec(name) ?? [];
  if (asked !== undefined) {
    const subject = doing.startsWith("importing") ? "cache" : "base image";
    return {
      kind: "asking",
      what: (seconds) => `the registry of ${subject} ${asked} has not answered node ${node} for ${seconds} s`,
      fix: "another registry or mirror, or",
      by: { most: limits.askedLooks, because: "it takes connections and stays silent" },
    };
  }
  const [, base] = baseStep.exec(name) ?? [];
  if (base !== undefined && parts.length > 0 && parts.every((each) => layerPart.test(each))) {
    return {
      kind: "downloading",
      what: (seconds) => `the registry of base image ${base} has sent node ${node} nothing for ${seconds} s`,
      fix: "another registry or mirror, or",
      by: { most: limits.askedLooks, because: "it has stopped in the middle of a layer" },
    };
  }
  if (parts.some((each) => pushingPart.test(each))) {
    return {
      kind: "pushing",
      what: (seconds) => `nothing has moved for ${seconds} s in the push from node ${node}`,
      fix: "look at the registry, then",
      by: {
        every: limits.pushedLooks,
        most: mostSilentAnswers,
        isSilent: attempt.isRegistrySilent,
        silence: "its registry does not answer this machine either",
        isLoggedBefore: false,
      },
    };
  }
  if (cachingStep.test(name) && parts.some((each) => writingPart.test(each))) {
    return {
      kind: "caching",
      what: (seconds) => `nothing has moved for ${seconds} s in what node ${node} writes to the cache`,
      fix: "look at that server, or leave out `cacheTo`; then",
      by: {
        every: limits.pushedLooks,
        most: mostSilentAnswers,
        isSilent: () => someSilent(attempt.cacheServers ?? [], world),
        silence: `its server (${(attempt.cacheServers ?? ["not known"]).join(", ")}) does not answer this machine either`,
        isLoggedBefore: true,
      },
    };
  }
  const source = fetchingStep.exec(name)?.[1] ?? (isSource ? addedGit(name) : undefined);
  if (source !== undefined) {
    return {
      kind: "fetching",
      what: (seconds) => `node ${node} has been fetching ${withoutLogins(source) as string} for ${seconds} s`,
      fix: "look at that server, or name another one; then",
      by: {
        every: limits.fetchedLooks,
        most: pinnedSource.test(source) ? mostSilentAnswers : mostSilentAnswersOfUnknown,
        isSilent: () => world.isGitServerSilent(source),
        silence: "the Git server does not answer this machine either",
        isLoggedBefore: true,
      },
    };
  }
  return isAdding(step) ? waitOfAdd(step, node, world, limits) : undefined;
}

function waitOfAdd(
  { name, isAnswered }: Pick<WatchedStep, "name" | "isAnswered">,
  node: string,
  world: Pick<World, "isServerSilent">,
  limits: WaitLimits,
): Wait {
  const [, command, context] = addingStep.exec(name) ?? [];
  const added = withoutLogins(command ?? context) as string;
  if (!isAnswered) {
    return {
      kind: "adding",
      what: (seconds) => `a server of \`${added}\` has not begun to answer node ${node} for ${seconds} s`,
      fix: "another server, or",
      by: { most: limits.addedLooks, because: "it takes connections and stays silent" },
    };
  }
  return {
    kind: "downloading a file",
    what: (seconds) => `\`${added}\` has been at its download for ${seconds} s on node ${node}`,
    fix: "look at that server, or name another one; then",
    by: {
      every: limits.fetchedLooks,
      most: mostSilentAnswersOfUnknown,
      isSilent: () => someSilent(serversOf(name), world),
      silence: "its server does not answer this machine either",
      isLoggedBefore: true,
    },
  };
}

async function someSilent(servers: readonly string[], world: Pick<World, "isServerSilent">): Promise<boolean> {
  return (await Promise.all(servers.map((each) => world.isServerSilent(each)))).includes(true);
}

function addedGit(name: string): string | undefined {
  const [, command = ""] = addingStep.exec(name) ?? [];
  return command.match(addedSource)?.find(isGitLocation);
}

/** Where the files of an ADD are, without what only their owners may know: an URL may be signed. */
function serversOf(name: string): string[] {
  const urls = (name.match(addedSource) ?? []).filter((each) => /^https?:\/\//i.test(each) && URL.canParse(each));
  return [...new Set(urls.map((each) => `${new URL(each).origin}/`))];
}
