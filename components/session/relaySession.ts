import { setTimeout as sleep } from "node:timers/promises";

import type { DaemonInfo } from "../buildkit/client";
import { readProvenance, type RecordedProvenance } from "../buildkit/history";
import { BuildError } from "../support/errors";
import type { NodeView } from "./nodeView";
import { buildxDirectory } from "../support/paths";
import type { Platform } from "../support/platforms";
import type { PlatformDigests } from "../registry/manifest";
import { indexName } from "../nodes/nodeSets";
import { acquireAll, releaseAll } from "./accesses";
import { Endings } from "./endings";
import { Liveness } from "./liveness";
import { recoverBuild } from "./recover";
import type { Access, RunNode } from "../nodes/node";
import type { Progress } from "../support/progress";
import { lists, nodeOf, nodesOf, provePlacement } from "./placement";
import { register, remoteRegistration } from "./registration";
import { Relay } from "../transport/relay";
import { explainIndexLogin } from "./explainIndexLogin";
import { type Attempt, type BuildSession, type ExplainedAttempt, explainForeign, newAttempt } from "./session";
import { wakeNode } from "./wakeNodes";
import { title } from "../nodes/node";

const recordTimeoutMilliseconds = 30_000;
const settleMilliseconds = 300;

/** What a session is made of: plain values, known when the first hook runs. */
export interface RelaySessionSettings {
  builderName: string;
  nodes: readonly RunNode[];
  wakeTimeoutSeconds: number;
  /** Where Pulumi's engine listens. */
  engineAddress?: string;
}

/** Nodes that are woken when a build needs them, and reached through one relay. */
export class RelaySession implements BuildSession {
  private readonly relay: Relay;
  private readonly liveness: Liveness;
  private readonly endings: Endings;
  private readonly answers = new Map<string, DaemonInfo>();
  private readonly waking = new Map<string, Promise<DaemonInfo>>();
  private readonly wakeMilliseconds = new Map<string, number>();
  /** Of earlier updates. */
  private readonly lastWakeSeconds = new Map<string, number>();

  constructor(private readonly settings: RelaySessionSettings) {
    this.relay = new Relay(
      `${buildxDirectory()} ${settings.builderName}`,
      settings.nodes.map(({ name }) => name),
    );
    this.liveness = new Liveness(this.relay);
    this.endings = new Endings(this.relay, settings.engineAddress);
  }

  async prepare(
    platforms: readonly Platform[],
    progress: Progress,
    lastWakes: ReadonlyMap<string, number> = new Map(),
  ): Promise<Attempt> {
    lastWakes.forEach((seconds, name) => this.lastWakeSeconds.set(name, seconds));
    return this.begin(platforms, platforms, this.settings.builderName, progress);
  }

  async prepareIndex(platforms: readonly Platform[], woken: readonly Platform[], progress: Progress): Promise<Attempt> {
    const builderName = indexName(this.settings.builderName);
    const attempt = await this.begin(woken, platforms.slice(0, 1), builderName, progress);
    const node = nodeOf(this.settings.nodes, platforms[0]);
    const additionalPlatforms = platforms.filter((platform) => platform !== node.platform);
    this.registerAs(builderName, [{ ...node, additionalPlatforms }]);
    return attempt;
  }

  private async begin(
    woken: readonly Platform[],
    building: readonly Platform[],
    builderName: string,
    progress: Progress,
  ): Promise<Attempt> {
    const accesses = this.accessesOf(woken);
    await acquireAll(accesses, progress);
    try {
      const attempt = newAttempt(woken, await this.makeReady(woken, progress), true);
      this.liveness.begin(attempt, [...attempt.lossesBefore.keys()], progress);
      const names = nodesOf(this.settings.nodes, building).map(({ name }) => name);
      this.endings.begin(attempt, { builderName, names, progress });
      return attempt;
    } catch (error) {
      await releaseAll(accesses, true);
      throw error;
    }
  }

  async finish(attempt: Attempt, hasFailed: boolean): Promise<void> {
    this.liveness.end(attempt);
    this.endings.end(attempt);
    if (attempt.isHeld) {
      attempt.isHeld = false;
      await releaseAll(this.accessesOf(attempt.platforms), hasFailed);
    }
  }

  /** What must be held while the nodes of these platforms are used. */
  private accessesOf(platforms: readonly Platform[]): Access[] {
    return [...new Set(nodesOf(this.settings.nodes, platforms).flatMap(({ access }) => access ?? []))];
  }

  async recover(attempt: Attempt, error: string, progress: Progress): Promise<boolean> {
    attempt.isBuilding = false;
    // The error comes by another connection than those whose end is looked for.
    await sleep(settleMilliseconds);
    const hungUp = [...attempt.lossesBefore].filter(([name, before]) => this.relay.lossCount(name) > before);
    const failed = {
      nodes: nodesOf(this.settings.nodes, attempt.platforms),
      lost: hungUp.map(([name]) => name),
      isProviderConnected: [...attempt.lossesBefore.keys()].some((name) => this.relay.connections(name).length > 0),
      isExplained: this.explain(attempt, error) !== undefined,
      relay: this.relay,
    };
    if (!(await recoverBuild(attempt, error, failed, progress))) {
      return false;
    }
    attempt.lossesBefore = await this.makeReady(attempt.platforms, progress);
    this.endings.restart(attempt);
    return true;
  }

  explain({ platforms, hasLogins }: ExplainedAttempt, error: string): string | undefined {
    const runs = (node: RunNode, platform: Platform) => canRun(node, this.answers.get(node.name), platform);
    const { nodes } = this.settings;
    const ofIndex = hasLogins ? explainIndexLogin(nodes, platforms, error) : undefined;
    return explainForeign(nodes, platforms, error, runs) ?? ofIndex;
  }

  nodeCount(platforms: readonly Platform[]): number {
    return nodesOf(this.settings.nodes, platforms).length;
  }

  nodeViews(platforms: readonly Platform[]): NodeView[] {
    const { nodes, builderName } = this.settings;
    return nodesOf(nodes, platforms).map((node) => ({
      name: node.name,
      address: node.address,
      builderName,
      platforms: platforms.filter((platform) => nodeOf(nodes, platform) === node),
      socket: this.relay.socket(node.name),
      buildkit: this.answers.get(node.name)?.version ?? "",
      machine: node.machine?.(),
      wakeMilliseconds: this.wakeMilliseconds.get(node.name) ?? 0,
    }));
  }

  async readProvenance(repository: string, digests: PlatformDigests): Promise<RecordedProvenance[]> {
    const platforms = Object.keys(digests) as Platform[];
    const nodes = nodesOf(this.settings.nodes, platforms);
    const records = nodes.map((node) => {
      const own = platforms.filter((platform) => nodeOf(this.settings.nodes, platform) === node);
      const wanted = Object.fromEntries(own.map((platform) => [platform, digests[platform]]));
      const socket = this.relay.socket(node.name);
      return readProvenance(socket, repository, wanted, nodes.length > 1, recordTimeoutMilliseconds);
    });
    return (await Promise.all(records)).flat();
  }

  /** Nodes awake, placement proven, builder registered. Says how often each node had hung up by then. */
  private async makeReady(platforms: readonly Platform[], progress: Progress): Promise<Map<string, number>> {
    const needed = nodesOf(this.settings.nodes, platforms);
    await this.wakeAll(needed, progress);
    this.provePlacement(platforms);
    this.register(progress);
    return new Map(needed.map(({ name }) => [name, this.relay.lossCount(name)]));
  }

  private async wakeAll(nodes: readonly RunNode[], progress: Progress): Promise<void> {
    await this.relay.claim();
    const outcomes = await Promise.allSettled(nodes.map((node) => this.wakeOnce(node, progress)));
    const reasons = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
    if (reasons.length > 0) {
      throw new BuildError(reasons.map(({ message }) => message).join("\n"));
    }
  }

  /** Images that build at the same time share one wake. */
  private wakeOnce(node: RunNode, progress: Progress): Promise<DaemonInfo> {
    let wake = this.waking.get(node.name);
    if (!wake) {
      const hasAnswered = this.answers.has(node.name);
      const since = Date.now();
      const { wakeTimeoutSeconds } = this.settings;
      wake = wakeNode(node, this.relay, wakeTimeoutSeconds, progress, hasAnswered, this.lastWakeSeconds.get(node.name))
        .then((info) => this.keepAnswer(node, info, progress))
        .finally(() => {
          this.waking.delete(node.name);
          this.wakeMilliseconds.set(node.name, Date.now() - since);
        });
      this.waking.set(node.name, wake);
    }
    return wake;
  }

  private keepAnswer(node: RunNode, info: DaemonInfo, progress: Progress): DaemonInfo {
    if (!this.answers.has(node.name)) {
      const foreign = node.native === false ? "; not native: good for Dockerfiles without RUN" : "";
      const without = (node.additionalPlatforms ?? []).filter((each) => !canRun(node, info, each));
      const noEmulator = without.length > 0 ? `; has no emulator for ${without.join(", ")}: no RUN for it` : "";
      progress(`${title(node)} is awake: BuildKit ${info.version}${foreign}${noEmulator}`);
    }
    this.answers.set(node.name, info);
    return info;
  }

  private provePlacement(platforms: readonly Platform[]): void {
    const placed = this.settings.nodes.map((node) => ({
      name: node.name,
      address: node.address,
      platform: node.platform,
      additionalPlatforms: node.additionalPlatforms,
      listed: this.answers.get(node.name)?.platforms ?? [],
      foreign: node.native === false,
    }));
    provePlacement(placed, platforms);
  }

  private register(progress: Progress): void {
    const { builderName, nodes } = this.settings;
    if (this.registerAs(builderName, nodes)) {
      progress(`registered builder ${builderName} with nodes ${nodes.map(({ name }) => name).join(", ")}`);
    }
  }

  private registerAs(
    builderName: string,
    nodes: readonly Pick<RunNode, "name" | "platform" | "additionalPlatforms">[],
  ): boolean {
    const registered = nodes.map(({ name, platform, additionalPlatforms }) => ({
      name,
      platform,
      additionalPlatforms,
      endpoint: this.relay.registeredEndpoint(name),
    }));
    return register(builderName, remoteRegistration(builderName, registered));
  }
}

/** Whether a node runs programs of a platform that is not its machine's own. */
function canRun({ emulatedPlatforms = [] }: RunNode, info: DaemonInfo | undefined, platform: Platform): boolean {
  return emulatedPlatforms.includes(platform) || lists({ listed: info?.platforms ?? [] }, platform);
}
