import type * as pulumi from "@pulumi/pulumi";

import type { Platform } from "../../support/platforms";
import type { CommonNodeArgs } from "../commonArguments";

/** Platforms that EC2 has machines for. */
export type Ec2Platform = Extract<Platform, "linux/arm64" | "linux/amd64">;

/**
 * An EC2 instance that runs BuildKit, made with the builder: Graviton for linux/arm64, x86 for linux/amd64.
 *
 * Its cache is on a volume of its own, which outlives the instance. BuildKit's version, limits, timeouts and certificates
 * are read by the node itself, from Parameter Store: changing them replaces nothing. What BuildKit has to be restarted for
 * is applied when it is idle, and cuts no build; timeouts and a revocation hold at once.
 */
export interface Ec2NodeArgs extends CommonNodeArgs {
  kind: "ec2";
  /**
   * The instance's type. AWS is asked for its architecture, and a type of another one is refused. A change stops and
   * starts the instance, also one that was stopped; its cache stays.
   *
   * @default "m8g.large" for linux/arm64, "m7a.large" for linux/amd64: 2 vCPUs and 8 GiB each
   */
  instanceType?: pulumi.Input<string>;
  /**
   * The image that the instance boots: Debian 13, or another with systemd, cloud-init, Python 3, and iptables, ebtables-nft
   * and git or apt-get to install them. Changing it replaces the instance; its cache stays.
   *
   * @default - the newest Debian 13 when the instance is made; later releases replace nothing
   * @see https://wiki.debian.org/Cloud/AmazonEC2Image/Trixie
   */
  ami?: pulumi.Input<string>;
  /**
   * The subnet of the instance and, by its zone, of its cache.
   *
   * @default - the default VPC's, in the first zone that offers the instance's type
   */
  subnetId?: pulumi.Input<string>;
  /**
   * With the lifecycle `ephemeral`: instance types in order of preference, all of the node's architecture. On demand AWS takes
   * the next where it has no capacity for one; of spot it takes the one that it has most of.
   *
   * @default - `instanceType` alone
   */
  instanceTypes?: readonly pulumi.Input<string>[];
  /**
   * With the lifecycle `ephemeral`: subnets in order of preference, in several zones. The cache is in the zone of the first;
   * a node elsewhere builds without it.
   *
   * @default - `subnetId` alone; without it the default VPC's subnet in each zone
   */
  subnetIds?: readonly pulumi.Input<string>[];
  /**
   * With the lifecycle `ephemeral`: how instances are bought. AWS may take a `spot` instance back with two minutes' notice,
   * and has none at times; either way the node is launched on demand, and the build goes on in the same update.
   *
   * @default "on-demand"
   * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html
   */
  capacityType?: "on-demand" | "spot";
  /**
   * Gibibytes of the system's volume: encrypted gp3, deleted with the instance.
   *
   * @default 8; with the lifecycle `ephemeral` 60, because the cache is there when its own volume is in use or elsewhere
   */
  rootVolumeSizeGibibytes?: number;
  /**
   * Gibibytes of the cache's volume: encrypted gp3, which stays when the instance ends. BuildKit keeps a fifth of it free.
   * It can grow, never shrink.
   *
   * @default 30
   */
  cacheVolumeSizeGibibytes?: number;
  /**
   * Operations per second of the cache's volume, 3000 to 80000; above 3000, 500 for each of its gibibytes at most.
   *
   * @default 3000; four times `cacheVolumeThroughputMebibytes` where that is more
   */
  cacheVolumeIops?: number;
  /**
   * Mebibytes per second of the cache's volume, 125 to 2000, and a quarter of its operations per second at most.
   *
   * @default 125
   */
  cacheVolumeThroughputMebibytes?: number;
  /**
   * How many steps BuildKit runs at the same time. Equivalent to `max-parallelism` in buildkitd.toml.
   *
   * @default - no limit
   */
  maxParallelism?: number;
}

/** Who may connect to EC2 nodes: their security group lets in nobody else, and mTLS only holders of the builder's key. */
export type IngressArgs =
  | {
      /** The machine that runs `pulumi up`: a rule of its own for each update, from its first build's beginning to its last one's end. */
      from: "caller";
      /**
       * The address, IPv4 or IPv6, that nodes see this machine at.
       *
       * @default - what https://checkip.amazonaws.com says; with `addressing` "private" or "ipv6" what this machine's routes say
       */
      address?: pulumi.Input<string>;
    }
  | {
      /** Networks: rules that stand as long as the builder. */
      from: "cidrs";
      /**
       * IPv4 or IPv6, for instance an office's or a VPN's, as AWS writes them: the network's own address, in small letters.
       * `0.0.0.0/0` and `::/0` are refused.
       */
      cidrs: readonly string[];
    }
  | {
      /** The primary IPv4 range of the nodes' own VPC: for updates that run inside it. Nothing is open to the internet. */
      from: "vpc";
    };

/** What is common to the EC2 nodes of a builder. */
export interface Ec2Args {
  /**
   * Who may connect.
   *
   * @default { from: "caller" }
   */
  ingress?: IngressArgs;
  /**
   * Which address of a node is connected to. A change to `ipv6` replaces kept instances; their cache stays. With `private`
   * an instance gets no public address: its subnet needs another way to Debian's packages, BuildKit's release and AWS, such
   * as a NAT gateway.
   *
   * @default "public"; with ingress from "vpc" "private"
   */
  addressing?: "public" | "private" | "ipv6";
  /**
   * BuildKit's release: another version, or a mirror. Changed on nodes that run, when they are idle.
   *
   * @default - v0.33.1 from BuildKit's releases
   */
  buildkit?: BuildkitReleaseArgs;
  /**
   * Mirrors that BuildKit asks before a registry: `{ "docker.io": ["mirror.example.com"] }`. Equivalent to
   * `[registry."docker.io"] mirrors` in buildkitd.toml.
   *
   * @default {}
   */
  registryMirrors?: Record<string, readonly string[]>;
  /**
   * Registries, `HOST:PORT`, that are reached without TLS. Equivalent to `[registry."HOST:PORT"] http` in buildkitd.toml.
   *
   * @default []
   */
  insecureRegistries?: readonly string[];
  /**
   * Whether AWS stops a node that idles for about two hours longer than `idleTimeoutMinutes`, because what should have
   * stopped it on the node itself has failed: an alarm of CloudWatch for each node that stays, $0.10 a month (an
   * account's first ten are free). Not with the lifecycle `persistent`, whose nodes are to idle, nor with `ephemeral`.
   *
   * @default true
   * @see https://aws.amazon.com/cloudwatch/pricing/
   */
  backstop?: boolean;
  /**
   * Tags of every AWS resource, beside our own. A change of them is in place, but for a kept node's system volume, which has
   * those that it was made with.
   *
   * @default {}
   */
  tags?: Record<string, pulumi.Input<string>>;
}

/** An archive with the layout of BuildKit's releases, for each platform that has a node. */
export interface BuildkitReleaseArgs {
  /** As the daemon reports it, without `v`: `0.33.1`. Nodes name the folder of each version by it. */
  version: string;
  /** URL, reachable from the node, and SHA-256 of the archive (`.tar.gz`). */
  archives: Partial<Record<Ec2Platform, { url: string; sha256: string }>>;
}
