import * as pulumi from "@pulumi/pulumi";

import { EngineSession } from "./build/engineSession";
import type { RunNode } from "./build/node";
import { RelaySession } from "./build/relaySession";
import type { BuildSession } from "./build/session";
import { BuildError } from "./errors";
import { findBuildkitd } from "./local/daemon";
import { findEngine } from "./local/engine";
import type { NodeArgs, RemoteNodeArgs } from "./nodes/arguments";
import { localRunNode } from "./nodes/local";
import { remoteRunNode } from "./nodes/remote";
import { shortHash } from "./paths";
import { isNativeOn, type Platform } from "./platforms";
import { asResourceError } from "./resourceError";
import { checkNodes, checkWholeNumber, type NamedNode } from "./validate";

const builderType = "multi-platform-image:index:Builder";
const defaultIdleTimeoutMinutes = 10;
const defaultWakeTimeoutSeconds = 180;

/** Arguments of {@link Builder}. */
export interface BuilderArgs {
  /**
   * The nodes, appended to one buildx builder in this order; one for each platform. Equivalent to
   * `docker buildx create` for the first and `create --append` for the rest.
   */
  nodes: readonly NodeArgs[];
  /**
   * What becomes of nodes that have nothing to build: `stop-when-idle` ends those that we started after
   * `idleTimeoutMinutes`, and the next build starts them with their cache; `persistent` keeps them. Nodes of kind
   * `remote` are never ended, and neither is a container of a Docker engine ({@link LocalNodeArgs}).
   *
   * @default "stop-when-idle"
   */
  lifecycle?: "persistent" | "stop-when-idle";
  /**
   * Minutes without a build after which a node ends itself, with `stop-when-idle`. Counted on the node: it holds when
   * `up` is killed.
   *
   * @default 10
   */
  idleTimeoutMinutes?: number;
  /**
   * Seconds that a build waits for a node until it lists its workers.
   *
   * @default 180
   */
  wakeTimeoutSeconds?: number;
}

/** A node of a {@link Builder}, as its output shows it. */
export interface BuildNode {
  /** The node's name in the builder. */
  name: string;
  kind: NodeArgs["kind"];
  platform: Platform;
  /** `false` for a `local` node of another platform than this machine's: good for Dockerfiles without RUN. */
  native: boolean;
}

/**
 * One buildx builder of several nodes, each building its own platform natively.
 *
 * Declaring it starts nothing and costs nothing: nodes wake in a hook of an image that must be built, and the builder is
 * registered then, on the machine that runs `pulumi up`. An `up` without a change calls no node.
 *
 * ```ts
 * const builder = new Builder("builders", {
 *   nodes: [
 *     { kind: "remote", platform: "linux/arm64", endpoint: "tcp://10.0.1.7:1234", tls },
 *     { kind: "local", platform: "linux/amd64" },
 *   ],
 * });
 * new MultiPlatformImage("api", { context: "./api", tags: ["ghcr.io/acme/api:1.0"], builder });
 * ```
 */
export class Builder extends pulumi.ComponentResource {
  /**
   * The name under which buildx knows this builder: the resource's name and a hash of organization, project, stack and
   * place in the program. The same on every machine, and whatever the nodes are, so that neither rebuilds an image.
   */
  public readonly builderName: pulumi.Output<string>;
  /** The nodes, in their order. */
  public readonly nodes: pulumi.Output<BuildNode[]>;

  /** @internal */
  readonly declaredNodes: readonly NamedNode[];
  private readonly settings: Promise<RunNode[]>;
  private readonly wakeTimeoutSeconds: number;
  private openSession?: Promise<BuildSession>;

  /**
   * @param name the resource's name, and the beginning of the builder's.
   * @throws pulumi.ResourceError without nodes, with two for one platform, endpoint or name, or with a wrong value.
   */
  constructor(name: string, args: BuilderArgs, opts?: pulumi.ComponentResourceOptions) {
    // Without args: they would be kept in the state, and TLS keys with them.
    super(builderType, name, {}, opts);
    const normal = asResourceError(this, () => normalise(name, args));
    this.declaredNodes = normal.nodes;
    this.wakeTimeoutSeconds = normal.wakeTimeoutSeconds;
    this.settings = resolveNodes(normal.nodes, normal.idleTimeoutMinutes);
    // Told by the hook that asks for the nodes, if any does.
    this.settings.catch(() => undefined);
    this.builderName = this.urn.apply((urn) => registeredName(name, urn));
    this.nodes = pulumi.output(normal.nodes.map(describeNode));
    this.registerOutputs({ builderName: this.builderName, nodes: this.nodes });
  }

  /**
   * The nodes at run time, made when the first hook asks.
   * @internal
   */
  session(): Promise<BuildSession> {
    this.openSession ??= Promise.all([resolved(this.builderName), this.settings]).then(([builderName, nodes]) =>
      startSession(builderName, this.declaredNodes, nodes, this.wakeTimeoutSeconds),
    );
    return this.openSession;
  }
}

function normalise(name: string, args: BuilderArgs) {
  const owner = `Builder ${name}`;
  const { lifecycle = "stop-when-idle", idleTimeoutMinutes = defaultIdleTimeoutMinutes } = args;
  checkWholeNumber(owner, "idleTimeoutMinutes", idleTimeoutMinutes, 1);
  return {
    nodes: checkNodes(owner, args.nodes),
    idleTimeoutMinutes: lifecycle === "persistent" ? null : idleTimeoutMinutes,
    wakeTimeoutSeconds: checkWholeNumber(
      owner,
      "wakeTimeoutSeconds",
      args.wakeTimeoutSeconds ?? defaultWakeTimeoutSeconds,
      1,
    ),
  };
}

/** Unique where URNs are: two builders of one name would write the same registration, each its own nodes. */
function registeredName(name: string, urn: string): string {
  const words = name.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
  const begun = /^[a-z]/.test(words) ? words : `b${words}`;
  return `${begun}-${shortHash(`${organization()} ${urn}`)}`;
}

function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    // Unit tests of users' programs rarely name one: https://www.pulumi.com/docs/iac/concepts/testing/unit/
    return "organization";
  }
}

function describeNode({ name, kind, platform }: NamedNode): BuildNode {
  return { name, kind, platform, native: kind !== "local" || isNativeOn(platform, process.arch) };
}

async function resolveNodes(nodes: readonly NamedNode[], idleTimeoutMinutes: number | null): Promise<RunNode[]> {
  return Promise.all(nodes.map((node) => resolveNode(node, idleTimeoutMinutes)));
}

async function resolveNode(node: NamedNode, idleTimeoutMinutes: number | null): Promise<RunNode> {
  switch (node.kind) {
    case "local":
      return localRunNode({ ...node, idleTimeoutMinutes });
    case "remote":
      return remoteRunNode(await resolved(pulumi.output(plainRemote(node))));
    default:
      return node satisfies never;
  }
}

/** Through a Docker engine where all nodes are `local` and this machine can't run them itself; else through a relay. */
async function startSession(
  builderName: string,
  declared: readonly NamedNode[],
  nodes: readonly RunNode[],
  wakeTimeoutSeconds: number,
): Promise<BuildSession> {
  if (process.platform === "win32") {
    throw new BuildError("Windows is not supported: run `pulumi up` in WSL, on Linux or on macOS");
  }
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd && declared.every(({ kind }) => kind === "local")) {
    const engine = await findEngine();
    if (!("tried" in engine)) {
      return new EngineSession({ builderName, nodes, engine, reason: buildkitd.problem });
    }
  }
  return new RelaySession({ builderName, nodes, wakeTimeoutSeconds });
}

function plainRemote({ name, platform, endpoint, tls }: RemoteNodeArgs & { name: string }) {
  return {
    name,
    platform,
    endpoint,
    tls: tls && { ca: tls.ca, cert: tls.cert, key: tls.key, serverName: tls.serverName },
  };
}

/** The value of an output for a hook: hooks run when all inputs of their resource are known. */
function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
