import type * as pulumi from "@pulumi/pulumi";

import type { CommonNodeArgs } from "./commonArguments";
import type { Ec2NodeArgs } from "./ec2/arguments";
import type { KubernetesNodeArgs } from "./kubernetes/arguments";

/** A node of a {@link Builder}: a union by `kind`. */
export type NodeArgs = Ec2NodeArgs | KubernetesNodeArgs | LocalNodeArgs | RemoteNodeArgs;

/**
 * A BuildKit daemon on the machine that runs `pulumi up`, started when a build needs it and ended when it is idle.
 *
 * Needs Linux, root, and `buildkitd` and `runc` on PATH. Where one of them is missing and a Docker engine answers
 * (`DOCKER_HOST` as `unix://` or `tcp://`, else `/var/run/docker.sock`, else Docker Desktop's socket on macOS), all nodes
 * of the builder are one container of it, by buildx's docker-container driver. Three things differ then: the builder can
 * have no `remote` node beside; the container stays until `docker buildx rm`, whatever `lifecycle` says; and a registry on
 * this machine's loopback is out of its reach.
 *
 * A node for another platform than the machine's is not native: it is good for Dockerfiles without RUN (`COPY`, `ADD`), and
 * {@link Builder.nodes} has `native: false` for it.
 *
 * RUN steps are behind a bridge, as those of `docker build`, where `buildkit-cni-bridge`, `-loopback`, `-host-local` and
 * `-firewall` of BuildKit's release archive and `iptables` are on PATH. Elsewhere they are on this machine's own network: they
 * reach what listens on its loopback, and the instance metadata of an EC2 instance, whatever its hop limit.
 */
export interface LocalNodeArgs extends CommonNodeArgs {
  kind: "local";
  /**
   * How many steps BuildKit runs at the same time. With 1 and `additionalPlatforms`, a small machine builds one platform's step
   * after the other's. Equivalent to `max-parallelism` in buildkitd.toml.
   *
   * This and the next two make a daemon of its own, with a cache of its own, for each set of their values. A container of a
   * Docker engine takes none of them.
   *
   * @default - no limit
   * @see https://docs.docker.com/build/buildkit/configure/#max-parallelism
   */
  maxParallelism?: number;
  /**
   * Mirrors that BuildKit asks before a registry: `{ "docker.io": ["mirror.example.com"] }`. Equivalent to
   * `[registry."docker.io"] mirrors` in buildkitd.toml.
   *
   * @default {}
   * @see https://docs.docker.com/build/buildkit/configure/#registry-mirror
   */
  registryMirrors?: Readonly<Record<string, readonly string[]>>;
  /**
   * Registries, `HOST:PORT`, that are reached without TLS. Equivalent to `[registry."HOST:PORT"] http` in buildkitd.toml.
   *
   * @default []
   */
  insecureRegistries?: readonly string[];
}

/** A BuildKit daemon that runs already, on a machine of your own, or a container of that machine's Docker. */
export interface RemoteNodeArgs extends CommonNodeArgs {
  kind: "remote";
  /**
   * Where the daemon is reached: `tcp://HOST:PORT` (with `tls`), `unix:///PATH`, or `ssh://USER@HOST[:PORT][/SOCKET]`,
   * which runs `buildctl dial-stdio` there with this machine's own ssh.
   *
   * @see https://docs.docker.com/build/builders/drivers/remote/
   */
  endpoint: pulumi.Input<string>;
  /**
   * For a host that has Docker and no BuildKit daemon: before a build, a container of `image` is started there, or made
   * where there is none, named `multi-platform-image-buildkit` as its volume is. All who build on that host share it. It
   * stays until `docker rm --force` and `docker volume rm` there, and comes back with Docker. Needs
   * `ssh://USER@HOST[:PORT]` as `endpoint`, `docker` on the PATH of ssh's commands on the host, and a user who may use it.
   *
   * Equivalent to `docker buildx create --driver docker-container ssh://USER@HOST`, with a relay between as for all nodes.
   *
   * @default - BuildKit itself answers at `endpoint`
   * @see https://docs.docker.com/build/builders/drivers/docker-container/
   */
  driver?: RemoteDriver;
  /**
   * The image of that container, for instance in a mirror. It runs privileged: name it by digest where others may move its
   * tag. A container that is there keeps the one that it was made of. Equivalent to buildx's driver option `image`.
   *
   * @default - with `driver`, moby/buildkit:v0.33.1 by its digest
   */
  image?: pulumi.Input<string>;
  /**
   * mTLS for a `tcp://` endpoint, as PEM text.
   *
   * @default - no TLS: anyone who reaches the port is root on the node
   */
  tls?: RemoteNodeTls;
}

/** What runs BuildKit on the host of a {@link RemoteNodeArgs}. */
export type RemoteDriver = "docker-container";

/**
 * The client's side of mTLS. Nothing of it is written to a file, or kept in Pulumi's state unless `builder.connection` is
 * exported: then encrypted.
 */
export interface RemoteNodeTls {
  /** Certificate of the CA that signed the node's certificate. Equivalent to buildx's driver option `cacert`. */
  ca: pulumi.Input<string>;
  /** Client certificate. Equivalent to buildx's driver option `cert`. */
  cert: pulumi.Input<string>;
  /** Private key of the client certificate; a secret. Equivalent to buildx's driver option `key`. */
  key: pulumi.Input<string>;
  /**
   * The DNS name in the node's certificate. One fixed name for all nodes lets their addresses change. Equivalent to
   * buildx's driver option `servername`.
   *
   * @default - the host of `endpoint`
   */
  serverName?: pulumi.Input<string>;
}
