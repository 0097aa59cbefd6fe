import type { OpenStep } from "../buildkit/builds";
import { withoutLogins } from "../support/withoutLogins";
import { type World, world } from "./endingsWorld";
import type { Progress } from "../support/progress";
import type { Relay } from "../transport/relay";
import type { Attempt } from "./session";

/** How often builds are looked at, and how many looks in a row must see the same until the log says so, and until the wait ends. */
export interface Patience {
  lookMilliseconds: number;
  reportedLooks: number;
  /** A build has ended on its nodes, and the provider does not say so. What it does then takes seconds: it pushes an index. */
  endedLooks: number;
  /** A registry was asked for a base image's description, and no answer comes: a few kilobytes. */
  askedLooks: number;
  /** Nothing moves in a push, as far as BuildKit tells: from then on its registry is asked, after each so many looks. */
  pushedLooks: number;
  /** Git is fetched from, of which BuildKit tells nothing: from then on its server is asked, after each so many looks. */
  fetchedLooks: number;
}

const patience: Patience = {
  lookMilliseconds: 10_000,
  reportedLooks: 3,
  endedLooks: 12,
  askedLooks: 18,
  pushedLooks: 9,
  fetchedLooks: 9,
};

// Steps in which BuildKit asks a registry for a few bytes, and downloads nothing:
// https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert.go
// https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/bridge.go
const askingStep =
  /^(\[internal\] load metadata for |resolve image config for (?:docker-image:\/\/)?|importing cache manifest from )(\S+)/;

// BuildKit says of a push only that it has begun: https://github.com/moby/buildkit/blob/v0.33.1/util/push/push.go
const pushingPart = /^pushing (?:layers|manifest)/;
const mostSilentAnswers = 3;

// https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerui/context.go (`DetectGitContext`)
const fetchingStep = /^\[internal\] load git source (\S+)/;
// This machine has found it before: it can reach the server.
const pinnedSource = /#[0-9a-f]{40,64}(?::|$)/;
// A server that this machine never reached may be one that only nodes reach, and a repository large.
const mostSilentAnswersOfUnknown = 6;
const loadedFactor = 15;

interface Watched {
  attempt: Attempt;
  builderName: string;
  /** The nodes that build. */
  names: readonly string[];
  progress: Progress;
  since: number;
  /** What was seen last, as text, and how often in a row. */
  seen: string;
  looks: number;
  /** How often in a row the registry that it pushes to, or the Git server that it fetches from, was asked, and silent. */
  silent: number;
}

/**
 * Looks at builds from the nodes' side, and makes those fail that would never end: one that has ended on its nodes while the
 * provider stays silent (docs/upstream.md), and one that waits for a registry that says nothing, for which BuildKit has no
 * limit of its own.
 */
export class Endings {
  private readonly builds = new Map<Attempt, Watched>();
  private timer?: NodeJS.Timeout;
  private look?: Promise<void>;

  constructor(
    private readonly relay: Pick<Relay, "socket" | "connections" | "cut">,
    private readonly limits = patience,
    private readonly asked: World = world,
  ) {}

  begin(attempt: Attempt, of: Pick<Watched, "builderName" | "names" | "progress">): void {
    this.builds.set(attempt, { attempt, ...of, since: Date.now(), seen: "", looks: 0, silent: 0 });
    // It must not keep the program alive.
    this.timer ??= setInterval(() => {
      this.look ??= this.lookAtAll().finally(() => (this.look = undefined));
    }, this.limits.lookMilliseconds).unref();
  }

  /** The build begins again. */
  restart(attempt: Attempt): void {
    attempt.isBuilding = true;
    const build = this.builds.get(attempt);
    if (build) {
      Object.assign(build, { since: Date.now(), seen: "", looks: 0, silent: 0 });
    }
  }

  end(attempt: Attempt): void {
    this.builds.delete(attempt);
    if (this.builds.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private async lookAtAll(): Promise<void> {
    const builds = [...this.builds.values()].filter(({ attempt }) => attempt.isBuilding);
    await Promise.all(builds.map((build) => this.lookAt(build).catch(() => (build.looks = 0))));
  }

  private async lookAt(build: Watched): Promise<void> {
    const { builderName, names, since } = build;
    const { gitSource } = build.attempt;
    const others = [...this.builds.values()].filter(
      (each) => each.builderName === builderName && (!gitSource || each.attempt.gitSource === gitSource),
    );
    const found = await Promise.all(
      names.map(async (name) => {
        const socket = this.relay.socket(name);
        // buildx does not say whose a build is: all that go on at the same time are looked at, or those of the same repository.
        const refs = this.asked.refs(builderName, name, Math.min(...others.map((each) => each.since)), gitSource);
        const builds = await Promise.all(refs.map((ref) => this.asked.readBuild(socket, ref)));
        const running = refs.filter((_, at) => builds[at] && !builds[at].isCompleted);
        const hasEnded = refs.length >= others.length && builds.every((each) => each?.isCompleted);
        const steps = await Promise.all(running.map((ref) => this.asked.readOpenSteps(socket, ref)));
        return { refs, hasEnded, builds, steps: steps.flat() };
      }),
    );
    if (!this.builds.has(build.attempt) || !build.attempt.isBuilding || build.since !== since) {
      return;
    }
    // buildx looks for a policy in a Git repository before it notes the build, and tells of no such look:
    // https://github.com/docker/buildx/blob/v0.35.0/build/opt.go
    const isBefore = gitSource !== undefined && found.every(({ refs }) => refs.length === 0);
    const before = isBefore ? [{ name: `[internal] load git source ${gitSource}`, parts: [] }] : [];
    const steps = [...before, ...found.flatMap((each) => each.steps)];
    const isAsking = steps.length > 0 && steps.every(({ name }) => askingStep.test(name));
    const isPushing = steps.length > 0 && steps.every(({ parts }) => parts.some((each) => pushingPart.test(each)));
    const isFetching = steps.length > 0 && steps.every(({ name }) => fetchingStep.test(name));
    const hasEnded = found.every((each) => each.hasEnded);
    const seen =
      hasEnded || isAsking || isPushing || isFetching ? JSON.stringify([found.map(({ refs }) => refs), steps]) : "";
    build.looks = seen !== "" && seen === build.seen ? build.looks + 1 : 0;
    build.seen = seen;
    if (hasEnded) {
      await this.checkEnded(
        build,
        found.flatMap(({ builds }) => builds.map((each) => each?.error ?? "")).find(Boolean),
      );
    } else if (isAsking) {
      this.checkAsking(build, steps[0]);
    } else if (isPushing) {
      await this.checkPushing(build);
    } else if (isFetching) {
      await this.checkFetching(build, steps[0]);
    }
  }

  private async checkEnded({ attempt, names, progress, looks }: Watched, error: string | undefined): Promise<void> {
    const { lookMilliseconds, reportedLooks } = this.limits;
    const endedLooks = this.limits.endedLooks * (attempt.isLoaded ? loadedFactor : 1);
    const seconds = Math.round((looks * lookMilliseconds) / 1_000);
    const what = `the build has ended on node ${names.join(", ")}${error ? ` (${error})` : ""}, and docker-build has not said so for ${seconds} s`;
    if (looks === reportedLooks) {
      progress(`${what}; waiting at most ${Math.round((endedLooks * lookMilliseconds) / 1_000)} s`);
    }
    if (looks !== endedLooks) {
      return;
    }
    attempt.givenUp =
      `${what}: it hangs, and its process was ended. It does so when a step prints one line of more than 64 KiB ` +
      "(docs/upstream.md). Fix: have such a step print less in a line, for instance by `| fold -w 4000`, or nothing (`> /dev/null`).";
    if (!(await this.asked.endProvider())) {
      attempt.givenUp = undefined;
      progress(`${what}: it hangs, and its process is not found. Fix: end this with Ctrl-C; see docs/upstream.md`);
    }
  }

  private checkAsking({ attempt, names, progress, looks }: Watched, { name }: OpenStep): void {
    const { lookMilliseconds, reportedLooks, askedLooks } = this.limits;
    const seconds = Math.round((looks * lookMilliseconds) / 1_000);
    const [, doing = "", asked] = askingStep.exec(name) ?? [];
    const subject = doing.startsWith("importing") ? "cache" : "base image";
    const what = `the registry of ${subject} ${asked} has not answered node ${names.join(", ")} for ${seconds} s`;
    if (looks === reportedLooks) {
      progress(`${what}; waiting at most ${Math.round((askedLooks * lookMilliseconds) / 1_000)} s`);
    }
    if (looks === askedLooks) {
      this.giveUp(
        attempt,
        names,
        `${what}: it takes connections and stays silent. Fix: another registry or mirror, or`,
      );
    }
  }

  private async checkPushing(build: Watched): Promise<void> {
    const { attempt, names, progress, looks } = build;
    if (looks === 0) {
      build.silent = 0;
    }
    if (!attempt.isRegistrySilent || looks === 0 || looks % this.limits.pushedLooks !== 0) {
      return;
    }
    build.silent = (await attempt.isRegistrySilent()) ? build.silent + 1 : 0;
    const seconds = Math.round((looks * this.limits.lookMilliseconds) / 1_000);
    const what = `nothing has moved for ${seconds} s in the push from node ${names.join(", ")}, and its registry does not answer this machine either`;
    if (build.silent >= mostSilentAnswers) {
      this.giveUp(attempt, names, `${what}. Fix: look at the registry, then`);
    } else if (build.silent > 0) {
      progress(`${what} (${build.silent} of ${mostSilentAnswers})`);
    }
  }

  private async checkFetching(build: Watched, { name }: OpenStep): Promise<void> {
    const { attempt, names, progress, looks } = build;
    const { lookMilliseconds, reportedLooks, fetchedLooks } = this.limits;
    const [, source = ""] = fetchingStep.exec(name) ?? [];
    const seconds = Math.round((looks * lookMilliseconds) / 1_000);
    const what = `node ${names.join(", ")} has been fetching ${withoutLogins(source) as string} for ${seconds} s`;
    if (looks === 0) {
      build.silent = 0;
    } else if (looks === reportedLooks) {
      progress(`${what}; its server is asked from here, too, if that lasts`);
    }
    if (attempt.givenUp || looks === 0 || looks % fetchedLooks !== 0) {
      return;
    }
    build.silent = (await this.asked.isGitServerSilent(source)) ? build.silent + 1 : 0;
    const most = pinnedSource.test(source) ? mostSilentAnswers : mostSilentAnswersOfUnknown;
    const silent = `${what}, and the Git server does not answer this machine either`;
    if (build.silent >= most) {
      this.giveUp(attempt, names, `${silent}. Fix: look at that server, or name another one; then`);
    } else if (build.silent > 0) {
      progress(`${silent} (${build.silent} of ${most})`);
    }
  }

  private giveUp(attempt: Attempt, names: readonly string[], why: string): void {
    if (attempt.givenUp) {
      return;
    }
    attempt.givenUp = `${why} \`pulumi up\` again later.`;
    names.forEach((each) => this.relay.cut(each, this.relay.connections(each)));
  }
}
