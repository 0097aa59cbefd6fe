import { BuildError } from "../support/errors";
import type { Engine } from "../transport/dockerEngine";
import type { Platform } from "../support/platforms";
import { indexName } from "../nodes/nodeSets";
import type { DescribedNode } from "../nodes/node";
import type { Progress } from "../support/progress";
import { platformsOf } from "./placement";
import { engineRegistration, register } from "./registration";
import { type Attempt, type BuildSession, type ExplainedAttempt, explainForeign, newAttempt } from "./session";
import { classifyFailure } from "./verdict";

const refusedOnLoopback = /dial tcp (127\.[\d.]+|\[::1\]):\d+: connect: connection refused/;

/** What a session is made of: plain values, known when the first hook runs. */
export interface EngineSessionSettings {
  builderName: string;
  nodes: readonly DescribedNode[];
  engine: Engine;
  /** Why this machine can't run the nodes by itself. */
  reason: string;
}

/**
 * All nodes in one container of a Docker engine, which the provider starts by buildx's docker-container driver.
 *
 * No relay and no proof of placement: there is one node, so no platform can go to another.
 */
export class EngineSession implements BuildSession {
  private readonly nodes: readonly DescribedNode[];
  private isAnnounced = false;

  constructor(private readonly settings: EngineSessionSettings) {
    const { endpoint, platform } = settings.engine;
    this.nodes = settings.nodes.map((node) => ({
      name: node.name,
      platform: node.platform,
      additionalPlatforms: node.additionalPlatforms,
      native: node.platform === platform,
      address: `Docker engine ${endpoint}`,
    }));
  }

  prepare(platforms: readonly Platform[], progress: Progress): Promise<Attempt> {
    this.announce(progress);
    const { builderName } = this.settings;
    if (this.registerAs(builderName)) {
      progress(`registered builder ${builderName} with the docker-container driver`);
    }
    return Promise.resolve(newAttempt(platforms));
  }

  /** By the same container, which has all platforms: buildx distinguishes containers by their node's name. */
  async prepareIndex(
    platforms: readonly Platform[],
    _woken: readonly Platform[],
    progress: Progress,
  ): Promise<Attempt> {
    const attempt = await this.prepare(platforms, progress);
    this.registerAs(indexName(this.settings.builderName));
    return attempt;
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Never builds again: the provider keeps its one connection to the container, and says "use of closed network
   * connection" to every build after its end.
   * @see https://github.com/docker/buildx/blob/v0.35.0/driver/docker-container/driver.go (`Client`)
   */
  recover(attempt: Attempt, error: string): Promise<boolean> {
    // No relay sees who hangs up here.
    const { party, words } = classifyFailure(error, { nodeHungUp: false, isProviderConnected: false });
    if (party === "node") {
      const lost = `a connection of BuildKit's container broke, in the Docker engine at ${this.settings.engine.endpoint}`;
      const fix = "run `pulumi up` again, which starts the container if it has ended";
      return Promise.reject(new BuildError(`${lost}. Fix: ${fix}; look at its log with \`docker logs\`.`));
    }
    const isToTell = words !== undefined && this.explain(attempt, error) === undefined;
    return isToTell ? Promise.reject(new BuildError(words)) : Promise.resolve(false);
  }

  nodeCount(): number {
    return 1;
  }

  explain({ platforms }: ExplainedAttempt, error: string): string | undefined {
    return refusedOnLoopback.test(error)
      ? `BuildKit runs in a container of the Docker engine at ${this.settings.engine.endpoint}, and that container's loopback is not this machine's. Fix: a registry at an address that the container reaches, too.`
      : explainForeign(this.nodes, platforms, error);
  }

  private registerAs(registeredName: string): boolean {
    const { builderName, engine } = this.settings;
    const declared = this.nodes.flatMap(platformsOf);
    return register(registeredName, engineRegistration(builderName, engine.endpoint, declared, registeredName));
  }

  private announce(progress: Progress): void {
    if (this.isAnnounced) {
      return;
    }
    this.isAnnounced = true;
    const { engine, reason } = this.settings;
    const foreign = this.nodes.filter(({ native }) => !native).map(({ platform }) => platform);
    const notNative =
      foreign.length > 0 ? `; not native there: ${foreign.join(", ")}, good for Dockerfiles without RUN` : "";
    progress(`${reason}, so the Docker engine at ${engine.endpoint} (${engine.version}) builds${notNative}`);
  }
}
