import type { CommonNodeArgs } from "../commonArguments";

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
