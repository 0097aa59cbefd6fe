import type { Platform } from "../support/platforms";

/** What every kind of node has. */
export interface CommonNodeArgs {
  /** The platform that this node builds. Equivalent to buildx's `--platform` of `create --append`. */
  platform: Platform;
  /**
   * Platforms without a node of their own that this node builds besides. Its machine is not of them, so their RUN steps need
   * an emulator there. An `ec2` node gets those of BuildKit's release archive, for these platforms alone (386, amd64, arm,
   * arm64, ppc64le, riscv64, s390x). On other nodes none is installed: what the daemon lists (`docker buildx inspect`) it can
   * run, by QEMU in the kernel's binfmt_misc, or natively as linux/386 on x86. Without one a node is good for Dockerfiles that
   * have no RUN for the platform: those that copy, or cross-compile in a stage of `FROM --platform=$BUILDPLATFORM`.
   *
   * A platform that another node has is refused: an emulator would take its work.
   *
   * Equivalent to a further platform in buildx's `--platform` of `create --append`.
   *
   * @default []
   * @see https://docs.docker.com/build/building/multi-platform/
   */
  additionalPlatforms?: readonly Platform[];
  /**
   * The node's name in the builder. Equivalent to buildx's `--node`.
   *
   * @default - the platform's architecture: `arm64`, `amd64`, `arm-v7`; for the second node of a platform `arm64-2`
   */
  name?: string;
}
