import { type Endpoint, formatEndpoint } from "../transport/endpoint";
import type { Progress } from "../support/progress";
import { isAlive } from "../transport/probe";
import type { OpenConnection, Relay } from "../transport/relay";

// A daemon says something every 5 s to whoever builds on it, because it asks whether the client's session is alive
// (https://github.com/moby/buildkit/blob/v0.33.1/session/grpc.go). One that does not is probed: 3 times in about 30 s.
const lookEveryMilliseconds = 8_000;
const quietMilliseconds = 7_000;
const probeTimeoutMilliseconds = 6_000;
const mostFailures = 3;

/** Connections of one node to one endpoint: a node that was replaced may still have builds where it was before. */
interface Place {
  name: string;
  endpoint: Endpoint;
}

/**
 * Looks at the nodes while somebody builds on them, and cuts the connections to one that is silent, so that its build
 * fails now, to begin again: by itself it would wait for a node behind a partition for minutes.
 *
 * Slow is not silent: any byte on a build's own connection is a sign of life, and so is any probe that is answered.
 */
export class Liveness {
  private readonly builds = new Map<object, { names: readonly string[]; progress: Progress }>();
  /** Probes in a row that failed, by node and endpoint. */
  private readonly failures = new Map<string, number>();
  private timer?: NodeJS.Timeout;
  private look?: Promise<void>;

  constructor(private readonly relay: Pick<Relay, "connections" | "cut">) {}

  /** From now on a build needs these nodes. */
  begin(build: object, names: readonly string[], progress: Progress): void {
    this.builds.set(build, { names, progress });
    // It must not keep the program alive.
    this.timer ??= setInterval(() => {
      this.look ??= this.lookAtAll().finally(() => (this.look = undefined));
    }, lookEveryMilliseconds).unref();
  }

  end(build: object): void {
    this.builds.delete(build);
    if (this.builds.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
      this.failures.clear();
    }
  }

  private async lookAtAll(): Promise<void> {
    const names = new Set([...this.builds.values()].flatMap((build) => build.names));
    const places = new Map<string, Place>();
    for (const name of names) {
      for (const { endpoint } of this.relay.connections(name)) {
        places.set(keyOf(name, endpoint), { name, endpoint });
      }
    }
    for (const key of this.failures.keys()) {
      if (!places.has(key)) {
        this.failures.delete(key);
      }
    }
    await Promise.all([...places].map(([key, place]) => this.lookAt(key, place)));
  }

  private async lookAt(key: string, { name, endpoint }: Place): Promise<void> {
    if (
      this.silentMilliseconds(key, name) < quietMilliseconds ||
      (await isAlive(endpoint, probeTimeoutMilliseconds)) ||
      this.silentMilliseconds(key, name) < quietMilliseconds
    ) {
      this.failures.delete(key);
      return;
    }
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    if (failures >= mostFailures) {
      this.cut(key, name);
    }
  }

  private cut(key: string, name: string): void {
    this.failures.delete(key);
    const connections = this.connections(key, name);
    if (connections.length === 0) {
      return;
    }
    const seconds = Math.round(this.silentMilliseconds(key, name) / 1_000);
    for (const build of this.builds.values()) {
      if (build.names.includes(name)) {
        build.progress(`node ${name} has been silent for ${seconds} s: its connections are cut, to build again`);
      }
    }
    this.relay.cut(name, connections);
  }

  private connections(key: string, name: string): OpenConnection[] {
    return this.relay.connections(name).filter(({ endpoint }) => keyOf(name, endpoint) === key);
  }

  private silentMilliseconds(key: string, name: string): number {
    const now = Date.now();
    return Math.min(...this.connections(key, name).map(({ heardAt }) => now - heardAt));
  }
}

function keyOf(name: string, endpoint: Endpoint): string {
  return `${name} ${formatEndpoint(endpoint)}`;
}
