import type * as pulumi from "@pulumi/pulumi";

import type { CommonNodeArgs } from "../commonArguments";

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
