import type { TlsMaterial } from "../../transport/endpoint";
import type { Platform } from "../../support/platforms";

/** A node of another stack: how it is reached is in `Ec2Connection`. */
export interface Ec2Facts {
  kind: "ec2";
}

/** Who may connect to the nodes of a builder. */
export type Ingress =
  /** One rule for each update, for the caller's own address, from before its first build to after its last. */
  | { from: "caller"; address?: string }
  /** Rules that stand, declared with the builder. */
  | { from: "cidrs"; cidrs: string[] }
  /** A rule that stands, for the addresses of the nodes' own VPC. */
  | { from: "vpc" };

/** Which of a node's addresses callers connect to. */
export type NodeAddressing = "public" | "private" | "ipv6";

/** A node of a builder, as AWS knows it. */
export interface Ec2ConnectionNode {
  name: string;
  platform: Platform;
  additionalPlatforms?: readonly Platform[];
  instanceId: string;
}

/** A node that is there while somebody builds: every update launches its own, and terminates it. */
export interface Ec2EphemeralNode {
  name: string;
  platform: Platform;
  launchTemplateId: string;
  launchTemplateVersion: string;
  /** In order of preference, like the subnets. */
  instanceTypes: string[];
  subnets: { id: string; zone: string }[];
  capacityType: "spot" | "on-demand";
  /** Attached to the first that needs it, where that is in its zone. */
  cacheVolume: { id: string; zone: string };
}

/**
 * All that a caller needs to use a builder's EC2 nodes, besides AWS credentials: what hooks get from Pulumi, and the CLI
 * from Parameter Store. A secret: it holds the client's private key.
 */
export interface Ec2Connection {
  builderName: string;
  accountId: string;
  region: string;
  /** The addresses of the nodes' VPC: a way to them is known before one of them runs. */
  vpcCidr: string;
  securityGroupId: string;
  ingress: Ingress;
  addressing: NodeAddressing;
  wakeTimeoutSeconds: number;
  tls: TlsMaterial;
  /** Those that are resources of the builder's stack. */
  nodes: Ec2ConnectionNode[];
  /** With the lifecycle `ephemeral`, in place of `nodes`. */
  ephemeralNodes: Ec2EphemeralNode[];
}

/** Where a builder's parameters are in Parameter Store. */
export const parameterNames = {
  /** Every one of a builder's, as IAM's policies name them. */
  all: (builderName: string) => `/multi-platform-image/${builderName}/*`,
  /** Text, `LeaseText`: who needs the nodes awake, and until when. Written by callers, read by nodes. */
  lease: (builderName: string) => `/multi-platform-image/${builderName}/lease`,
  /** SecureString, JSON of `Ec2Connection`. Read by the CLI. */
  connection: (builderName: string) => `/multi-platform-image/${builderName}/connection`,
  /** Text, JSON of `NodeSettings`. Read by the node. */
  settings: (builderName: string, node: string) => `/multi-platform-image/${builderName}/nodes/${node}/settings`,
  /** SecureString, JSON of `{ ca, cert, key }`: the server's side of mTLS. Read by the node. */
  tls: (builderName: string, node: string) => `/multi-platform-image/${builderName}/nodes/${node}/tls`,
};

/** Tags of a builder's resources, by which the CLI finds them. */
export const tagNames = {
  builder: "multi-platform-image:builder",
  node: "multi-platform-image:node",
  platform: "multi-platform-image:platform",
  /** `ephemeral` on instances that no stack knows. */
  lifecycle: "multi-platform-image:lifecycle",
};

/**
 * Holder to the second, since 1970, until which it needs the nodes. Held as JSON in the lease parameter.
 *
 * An ephemeral node belongs to one update, so that only a claim with its instance's own id holds it: see `coldClaim`.
 */
export type Lease = Record<string, number>;

/** The claim by which an ephemeral node does not wait for the cache volume. */
export const coldClaim = (instanceId: string): string => `${instanceId} cold`;

/** What may change on a node without replacing it: read at each boot and every minute, applied when idle. */
export interface NodeSettings {
  /**
   * The node ends with the update that launched it: it powers off, and is terminated. It looks for its own claims alone,
   * for a notice of AWS to reclaim it, and for the end of its builder.
   */
  isEphemeral: boolean;
  /** The cache volume: `vol-0123456789abcdef0`. */
  volumeId: string;
  /** `null`: the node does not stop when it is idle. */
  idleTimeoutMinutes: number | null;
  /** Minutes after a boot at which the node stops, whatever it does; `null`: never. */
  maxLifetimeMinutes: number | null;
  /** The release archive of BuildKit, and which of the emulators in it are wanted: `["arm", "s390x"]`; left out, none. */
  buildkit: { version: string; url: string; sha256: string; emulators?: string[] };
  /** The whole of buildkitd.toml. */
  buildkitdToml: string;
}
