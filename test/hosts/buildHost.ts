import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Authority, type Leaf, serverName } from "./certificates";
import { execute } from "./command";
import { hostTool } from "./hostTools";
import { buildkitPort } from "./network";

export type HostPlatform = "linux/amd64" | "linux/arm64";

/** A build node on a host of its own, as the tests see it. */
export interface BuildHost {
  readonly platform: HostPlatform;
  /** `tcp://ADDRESS:PORT`; another one after `replace()`. */
  readonly endpoint: string;
  readonly serverName: string;
  /** PEM text, as are the next two. */
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** The node as a `Builder` takes it. */
  remoteNode(): RemoteNode;
  /** What the daemon itself recorded: builds that run and builds that ended, oldest first. */
  history(): Promise<BuildRecord[]>;
  /** The platforms that the daemon's workers list, its own first. */
  platforms(): Promise<string[]>;
  /** How often anyone asked for a connection to the endpoint; the harness itself is not counted. */
  connections(): Promise<number>;
  /** Packets to the host vanish from now on, until `restore()`. */
  drop(): Promise<void>;
  restore(): Promise<void>;
  /** Runs `buildctl` against this node. */
  buildctl(args: string[], input?: string | Buffer): Promise<string>;
  /** Ready when its workers can be listed. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** As when the machine loses its power: the daemon and all steps that it runs, at once. */
  kill(): Promise<void>;
  /** What the daemon printed last. */
  log(lines?: number): string;
}

export interface RemoteNode {
  kind: "remote";
  platform: HostPlatform;
  endpoint: string;
  tls: { ca: string; cert: string; key: string; serverName: string };
}

export interface BuildRecord {
  ref: string;
  status: "active" | "completed" | "failed";
  /** As asked for: `linux/arm64`; none for a build without a frontend. */
  platforms: string[];
  frontendAttributes: Record<string, string>;
  startedAt: Date;
  completedAt?: Date;
  error?: string;
}

/** Certificates of a host; each part can be replaced by one that is wrong. */
export interface HostCertificates {
  /** What the client trusts. */
  ca: string;
  /** What the server trusts. */
  clientCa: string;
  server: Leaf;
  client: Leaf;
}

export async function issueCertificates(
  authority: Authority,
  wrong: Partial<HostCertificates> = {},
): Promise<HostCertificates> {
  return {
    ca: authority.certificate,
    clientCa: authority.certificate,
    server: wrong.server ?? (await authority.issueServer()),
    client: wrong.client ?? (await authority.issueClient()),
    ...wrong,
  };
}

export const remoteNode = (
  host: Pick<BuildHost, "platform" | "endpoint" | "ca" | "clientCertificate" | "clientKey">,
): RemoteNode => ({
  kind: "remote",
  platform: host.platform,
  endpoint: host.endpoint,
  tls: { ca: host.ca, cert: host.clientCertificate, key: host.clientKey, serverName },
});

/** Registries that the daemon trusts: host and port to the CA's file on the daemon's host. */
export type TrustedRegistries = Record<string, { caFile: string }>;

/** @see https://github.com/moby/buildkit/blob/v0.33.1/docs/buildkitd.toml.md */
export function buildkitdSettings(settings: {
  root: string;
  addresses: string[];
  certificates: string;
  runc: string;
  snapshotter: "overlayfs" | "native";
  cgroupParent?: string;
  /** @default what its processor runs */
  platform?: HostPlatform;
  registries: TrustedRegistries;
}): string {
  const text = (value: string): string => JSON.stringify(value);
  return `root = ${text(settings.root)}
[grpc]
  address = [${settings.addresses.map(text).join(", ")}]
[grpc.tls]
  cert = ${text(join(settings.certificates, "server.pem"))}
  key = ${text(join(settings.certificates, "server-key.pem"))}
  ca = ${text(join(settings.certificates, "client-ca.pem"))}
[otel]
  socketPath = ${text(join(settings.root, "otel.sock"))}
[cdi]
  disabled = true
[worker.containerd]
  enabled = false
[worker.oci]
  enabled = true
  binary = ${text(settings.runc)}
  networkMode = "host"
  snapshotter = ${text(settings.snapshotter)}
${settings.platform ? `  platforms = [${text(settings.platform)}]\n` : ""}${settings.cgroupParent ? `  defaultCgroupParent = ${text(settings.cgroupParent)}\n` : ""}${Object.entries(
    settings.registries,
  )
    .map(([registry, { caFile }]) => `[registry.${text(registry)}]\n  ca = [${text(caFile)}]\n`)
    .join("")}`;
}

/** Lays the files down that `buildkitdSettings` and `buildctl` name. */
export async function writeCertificates(folder: string, certificates: HostCertificates): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = {
    "ca.pem": certificates.ca,
    "client-ca.pem": certificates.clientCa,
    "server.pem": certificates.server.certificate,
    "server-key.pem": certificates.server.key,
    "client.pem": certificates.client.certificate,
    "client-key.pem": certificates.client.key,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content, { mode: 0o600 });
}

/** `buildctl`'s flags for a TCP address, with the files of `writeCertificates`. */
export const tlsFlags = (folder: string): string[] => [
  `--tlsservername=${serverName}`,
  `--tlscacert=${join(folder, "ca.pem")}`,
  `--tlscert=${join(folder, "client.pem")}`,
  `--tlskey=${join(folder, "client-key.pem")}`,
];

export const endpointAt = (address: string): string => `tcp://${address}:${buildkitPort}`;

/** @param connection flags that bring `buildctl` to the host */
export async function runBuildctl(connection: string[], args: string[], input?: string | Buffer): Promise<string> {
  return execute([await hostTool("buildctl"), ...connection, ...args], { input, timeoutMilliseconds: 900_000 });
}

export async function readPlatforms(connection: string[]): Promise<string[]> {
  const said = await runBuildctl(connection, ["--timeout", "3", "debug", "workers", "--format", "{{json .}}"]);
  const workers = JSON.parse(said) as { platforms: { os: string; architecture: string; variant?: string }[] }[];
  return workers.flatMap((worker) =>
    worker.platforms.map(({ os, architecture, variant }) =>
      [os, architecture, ...(variant ? [variant] : [])].join("/"),
    ),
  );
}

interface HistoryEvent {
  record?: {
    Ref: string;
    FrontendAttrs?: Record<string, string>;
    CreatedAt: { seconds: number };
    CompletedAt?: { seconds: number };
    error?: { message?: string };
  };
}

export async function readHistory(connection: string[]): Promise<BuildRecord[]> {
  const said = await runBuildctl(connection, ["debug", "histories", "--format", "{{json .}}"]);
  const events = said
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => (JSON.parse(line) as HistoryEvent).record)
    .filter((record) => record !== undefined);
  return events
    .map((record) => ({
      ref: record.Ref,
      status: !record.CompletedAt ? ("active" as const) : record.error ? ("failed" as const) : ("completed" as const),
      platforms: (record.FrontendAttrs?.platform ?? "").split(",").filter((platform) => platform !== ""),
      frontendAttributes: record.FrontendAttrs ?? {},
      startedAt: toDate(record.CreatedAt),
      ...(record.CompletedAt && { completedAt: toDate(record.CompletedAt) }),
      ...(record.error && { error: record.error.message ?? "" }),
    }))
    .sort((first, second) => first.startedAt.getTime() - second.startedAt.getTime());
}

const toDate = (time: { seconds: number; nanos?: number }): Date =>
  new Date(time.seconds * 1000 + (time.nanos ?? 0) / 1e6);
