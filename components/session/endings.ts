import { world } from "./endingsWorld";
import type { Progress } from "../support/progress";
import type { Relay } from "../transport/relay";
import type { Attempt } from "./session";
import { isAdding, type Wait, type WaitLimits, type WatchedStep, waitOf } from "./waits";
import type { World } from "./world";

/** How often builds are looked at, and how many looks in a row must see the same until the log says so, and until the wait ends. */
export interface Patience extends WaitLimits {
  lookMilliseconds: number;
  reportedLooks: number;
  /** A build has ended on its nodes, and the provider does not say so. What it does then takes seconds: it pushes an index. */
  endedLooks: number;
}

const patience: Patience = {
  lookMilliseconds: 10_000,
  reportedLooks: 3,
  endedLooks: 12,
  askedLooks: 18,
  addedLooks: 30,
  pushedLooks: 9,
  fetchedLooks: 9,
};

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
  /** How often in a row the server of each wait was asked from here, and silent. */
  silent: Map<string, number>;
}

/**
 * Looks at builds from the nodes' side, and makes those fail that would never end: one that has ended on its nodes while the
 * provider stays silent (docs/upstream.md), and one that waits for a server that says nothing, for which BuildKit has no
 * limit of its own (waits.ts).
 */
export class Endings {
  private readonly builds = new Map<Attempt, Watched>();
  /** Those that have ended beside them. */
  private past: Watched[] = [];
  private timer?: NodeJS.Timeout;
  private look?: Promise<void>;

  constructor(
    private readonly relay: Pick<Relay, "socket" | "connections" | "cut">,
    /** Whose provider it is, where that is known. */
    private readonly engineAddress?: string,
    private readonly limits = patience,
    private readonly asked: World = world,
  ) {}

  begin(attempt: Attempt, of: Pick<Watched, "builderName" | "names" | "progress">): void {
    this.builds.set(attempt, { attempt, ...of, since: Date.now(), seen: "", looks: 0, silent: new Map() });
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
      Object.assign(build, { since: Date.now(), seen: "", looks: 0, silent: new Map() });
    }
  }

  end(attempt: Attempt): void {
    const build = this.builds.get(attempt);
    this.past.push(...(build ? [build] : []));
    this.builds.delete(attempt);
    if (this.builds.size === 0) {
      this.past = [];
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
    const isBeside = (each: Watched) =>
      each.builderName === builderName && (!gitSource || each.attempt.gitSource === gitSource);
    const others = [...this.builds.values()].filter(isBeside);
    const first = Math.min(...others.map((each) => each.since));
    const noted = others.length + this.past.filter((each) => isBeside(each) && each.since >= first).length;
    const found = await Promise.all(
      names.map(async (name) => {
        const socket = this.relay.socket(name);
        // buildx does not say whose a build is: all that go on at the same time are looked at, or those of the same repository.
        const refs = this.asked.refs(builderName, name, first, gitSource);
        const builds = await Promise.all(refs.map((ref) => this.asked.readBuild(socket, ref)));
        const running = refs.filter((_, at) => builds[at] && !builds[at].isCompleted);
        const hasEnded = refs.length >= noted && builds.every((each) => each?.isCompleted);
        const open = running.map(async (ref) =>
          (await this.asked.readOpenSteps(socket, ref)).map((step) => ({ ...step, build: `${name} ${ref}` })),
        );
        const steps = (await Promise.all(open)).flat();
        const adding = new Set(steps.filter(isAdding).map(({ digest }) => digest)).size;
        const isAnswered = adding > 0 ? (await this.asked.countDownloads(socket)) >= adding : undefined;
        return { refs, hasEnded, builds, steps: steps.map((step) => ({ ...step, isAnswered })) };
      }),
    );
    if (!this.builds.has(build.attempt) || !build.attempt.isBuilding || build.since !== since) {
      return;
    }
    // buildx looks for a policy in a Git repository before it notes the build, and reports no such look:
    // https://github.com/docker/buildx/blob/v0.35.0/build/opt.go
    const isBefore = gitSource !== undefined && found.every(({ refs }) => refs.length === 0);
    const before = isBefore
      ? [{ digest: "", build: "", name: `[internal] load git source ${gitSource}`, parts: [], isSource: true }]
      : [];
    const steps = [...before, ...found.flatMap((each) => each.steps)];
    const waits = steps.map((step) => waitOf(step, names.join(", "), build.attempt, this.asked, this.limits));
    const onlyWaits = waits.length > 0 && waits.every((each) => each !== undefined);
    const hasEnded = found.every((each) => each.hasEnded);
    const seen = hasEnded || onlyWaits ? JSON.stringify([found.map(({ refs }) => refs), steps]) : "";
    build.looks = seen !== "" && seen === build.seen ? build.looks + 1 : 0;
    build.seen = seen;
    if (hasEnded) {
      const errors = found.flatMap(({ builds }) => builds.map((each) => each?.error ?? ""));
      await this.checkEnded(build, errors.find(Boolean));
    } else if (onlyWaits) {
      await this.checkWaits(build, steps, waits);
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
    if (!(await this.asked.endProvider(this.engineAddress))) {
      attempt.givenUp = undefined;
      progress(`${what}: it hangs, and its process is not found. Fix: end this with Ctrl-C; see docs/upstream.md`);
    }
  }

  /**
   * Which of the builds that go on at the same time is this one, buildx does not say: it is given up once each of them waits
   * for a server that has had its time, because a slow push of one is no wait for the silent server of another.
   */
  private async checkWaits(build: Watched, steps: readonly WatchedStep[], waits: readonly Wait[]): Promise<void> {
    const distinct = new Map(waits.map((wait) => [wait.what(0), wait]));
    const reported = new Set<string>();
    const ends = new Map<string, string | undefined>();
    await Promise.all(
      [...distinct].map(async ([key, wait]) => {
        // Of each kind the first is enough to read.
        const say = reported.has(wait.kind) ? () => undefined : build.progress;
        reported.add(wait.kind);
        ends.set(key, await this.checkWait(build, key, wait, say));
      }),
    );
    const ofEach = [...new Set(steps.map((step) => step.build))].map((each) =>
      waits.filter((_, at) => steps[at].build === each).map((wait) => ends.get(wait.what(0))),
    );
    const [why] = ofEach.flat().filter((end) => end !== undefined);
    if (why !== undefined && ofEach.every((each) => each.some((end) => end !== undefined))) {
      this.giveUp(build.attempt, build.names, why);
    }
  }

  /** @returns why it is no use to wait any longer, if it is none */
  private async checkWait(
    { attempt, looks, silent }: Watched,
    key: string,
    { what, fix, by }: Wait,
    say: Progress,
  ): Promise<string | undefined> {
    const { lookMilliseconds, reportedLooks } = this.limits;
    const subject = what(Math.round((looks * lookMilliseconds) / 1_000));
    if ("because" in by) {
      if (looks === reportedLooks) {
        say(`${subject}; waiting at most ${Math.round((by.most * lookMilliseconds) / 1_000)} s`);
      }
      return looks >= by.most ? `${subject}: ${by.because}. Fix: ${fix}` : undefined;
    }
    if (looks === 0) {
      silent.delete(key);
    } else if (looks === reportedLooks && by.isLoggedBefore) {
      say(`${subject}; its server is asked from here, too, if that lasts`);
    }
    let times = silent.get(key) ?? 0;
    if (by.isSilent && !attempt.givenUp && looks > 0 && looks % by.every === 0) {
      times = (await by.isSilent()) ? times + 1 : 0;
      silent.set(key, times);
      if (times > 0 && times < by.most) {
        say(`${subject}, and ${by.silence} (${times} of ${by.most})`);
      }
    }
    return times >= by.most ? `${subject}, and ${by.silence}. Fix: ${fix}` : undefined;
  }

  private giveUp(attempt: Attempt, names: readonly string[], why: string): void {
    if (attempt.givenUp) {
      return;
    }
    attempt.givenUp = `${why} \`pulumi up\` again later.`;
    names.forEach((each) => this.relay.cut(each, this.relay.connections(each)));
  }
}
