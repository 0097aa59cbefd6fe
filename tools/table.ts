import type { Release, ToolRecipe } from "./recipe";

export const TOOL_NAMES = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-docker-build",
  "buildkitd",
  "buildctl",
  "runc",
  "buildx",
  "registry",
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

const PULUMI = "3.259.0";
const DOCKER_BUILD = "0.0.22";
const BUILDKIT = "0.33.1";
const RUNC = "1.4.3"; // what BuildKit 0.33.1 ships: https://github.com/moby/buildkit/blob/v0.33.1/Dockerfile
const BUILDX = "0.35.0";
const DISTRIBUTION = "3.1.2";

const pulumiAsset = (platform: string) =>
  ({
    path: `/pulumi/pulumi/releases/download/v${PULUMI}/pulumi-v${PULUMI}-${platform}.tar.gz`,
    format: "tar.gz",
    checksum: {
      kind: "published",
      path: `/pulumi/pulumi/releases/download/v${PULUMI}/pulumi-${PULUMI}-checksums.txt`,
    },
  }) as const;

const PULUMI_RELEASE: Release = {
  "linux/amd64": pulumiAsset("linux-x64"),
  "linux/arm64": pulumiAsset("linux-arm64"),
  "darwin/amd64": pulumiAsset("darwin-x64"),
  "darwin/arm64": pulumiAsset("darwin-arm64"),
};

const dockerBuildAsset = (platform: string) =>
  ({
    path: `/pulumi/pulumi-docker-build/releases/download/v${DOCKER_BUILD}/pulumi-resource-docker-build-v${DOCKER_BUILD}-${platform}.tar.gz`,
    format: "tar.gz",
    checksum: {
      kind: "published",
      path: `/pulumi/pulumi-docker-build/releases/download/v${DOCKER_BUILD}/pulumi-docker-build_${DOCKER_BUILD}_checksums.txt`,
    },
  }) as const;

const DOCKER_BUILD_RELEASE: Release = {
  "linux/amd64": dockerBuildAsset("linux-amd64"),
  "linux/arm64": dockerBuildAsset("linux-arm64"),
  "darwin/amd64": dockerBuildAsset("darwin-amd64"),
  "darwin/arm64": dockerBuildAsset("darwin-arm64"),
};

const pinned = (path: string, format: "tar.gz" | "file", sha256: string) =>
  ({ path, format, checksum: { kind: "pinned", sha256 } }) as const;

const buildkitAsset = (platform: string, sha256: string) =>
  pinned(`/moby/buildkit/releases/download/v${BUILDKIT}/buildkit-v${BUILDKIT}.${platform}.tar.gz`, "tar.gz", sha256);

const BUILDKIT_RELEASE: Release = {
  "linux/amd64": buildkitAsset("linux-amd64", "4e044bcd62a0c0bbe6a8c94d73989de2bfe4c04dbc0f9d6021cf96b72cd1d965"),
  "linux/arm64": buildkitAsset("linux-arm64", "4e1ba91f139761f249a1fa6c71e632dfdbdafeda416176ecadefbb95225e56c4"),
};

const buildxAsset = (platform: string, sha256: string) =>
  pinned(`/docker/buildx/releases/download/v${BUILDX}/buildx-v${BUILDX}.${platform}`, "file", sha256);

const BUILDX_RELEASE: Release = {
  "linux/amd64": buildxAsset("linux-amd64", "d41ece72044243b4f58b343441ae37446d9c29a7d6b5e11c61847bbcf8f7dfda"),
  "linux/arm64": buildxAsset("linux-arm64", "c4248d6cbc4a619a7e0b4609c11e509ad4ac0b475e1c64817c0ac20c5d90c766"),
};

const registryAsset = (platform: string, sha256: string) =>
  pinned(
    `/distribution/distribution/releases/download/v${DISTRIBUTION}/registry_${DISTRIBUTION}_${platform}.tar.gz`,
    "tar.gz",
    sha256,
  );

const REGISTRY_RELEASE: Release = {
  "linux/amd64": registryAsset("linux_amd64", "40df2224d410f72ae425c3371873b078bbdbda3b8b612be9571f0e6751f3acc8"),
  "linux/arm64": registryAsset("linux_arm64", "09d26f88d2c0f161bd1b8bfc6c123571cc3d291dcca8af5477b3cacc4ec95e73"),
};

const BUILDKIT_VARIABLES = {
  "github.com/moby/buildkit/version.Version": `v${BUILDKIT}`,
  "github.com/moby/buildkit/version.Package": "github.com/moby/buildkit",
};

const onPath = (command: string, range: string, args: readonly string[] = ["--version"]) =>
  ({ kind: "command", command, args, range }) as const;

export const TOOLS: Readonly<Record<ToolName, ToolRecipe>> = {
  pulumi: {
    version: PULUMI,
    binary: "pulumi",
    machine: onPath("pulumi", `>=${PULUMI} <4`, ["version"]),
    release: { assets: PULUMI_RELEASE, entry: "pulumi/pulumi" },
    module: {
      recipe: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${PULUMI}` },
    },
  },
  "pulumi-language-nodejs": {
    version: PULUMI,
    binary: "pulumi-language-nodejs",
    machine: { kind: "beside", tool: "pulumi" },
    release: { assets: PULUMI_RELEASE, entry: "pulumi/pulumi-language-nodejs" },
    module: { recipe: "languagehost", package: ".", variables: { "main.version": PULUMI } },
  },
  "pulumi-resource-docker-build": {
    version: DOCKER_BUILD,
    binary: "pulumi-resource-docker-build",
    machine: { kind: "plugin", folder: `resource-docker-build-v${DOCKER_BUILD}` },
    release: { assets: DOCKER_BUILD_RELEASE, entry: "pulumi-resource-docker-build" },
    module: {
      recipe: "docker-build",
      package: "github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build",
      variables: { "github.com/pulumi/pulumi-docker-build/provider.Version": DOCKER_BUILD },
    },
  },
  buildkitd: {
    version: BUILDKIT,
    binary: "buildkitd",
    os: "linux",
    machine: onPath("buildkitd", `>=${BUILDKIT}`),
    release: { assets: BUILDKIT_RELEASE, entry: "bin/buildkitd" },
    module: {
      recipe: "buildkit",
      package: "github.com/moby/buildkit/cmd/buildkitd",
      variables: BUILDKIT_VARIABLES,
    },
  },
  buildctl: {
    version: BUILDKIT,
    binary: "buildctl",
    machine: onPath("buildctl", `>=${BUILDKIT}`),
    release: { assets: BUILDKIT_RELEASE, entry: "bin/buildctl" },
    module: {
      recipe: "buildkit",
      package: "github.com/moby/buildkit/cmd/buildctl",
      variables: BUILDKIT_VARIABLES,
    },
  },
  runc: {
    version: RUNC,
    binary: "runc",
    os: "linux",
    machine: onPath("runc", ">=1.1.0"), // Debian 12's and Ubuntu 22.04's, with their security fixes
    feature: { args: ["--version"], says: "libseccomp", why: "BuildKit gives every RUN step a seccomp profile" },
    release: { assets: BUILDKIT_RELEASE, entry: "bin/buildkit-runc" },
    module: {
      recipe: "runc",
      package: "github.com/opencontainers/runc",
      tags: ["seccomp", "urfave_cli_no_docs"],
      cgo: true, // its nsenter is written in C
      library: {
        pkgConfig: "libseccomp",
        header: "seccomp.h",
        link: "seccomp",
        debianPackage: "libseccomp-dev",
      },
    },
  },
  buildx: {
    version: BUILDX,
    binary: "buildx",
    machine: onPath("buildx", `>=${BUILDX}`, ["version"]),
    release: { assets: BUILDX_RELEASE },
    module: {
      recipe: "buildkit",
      package: "github.com/docker/buildx/cmd/buildx",
      variables: { "github.com/docker/buildx/version.Version": `v${BUILDX}` },
    },
  },
  registry: {
    version: DISTRIBUTION,
    binary: "registry",
    machine: onPath("registry", ">=3.0.0"),
    release: { assets: REGISTRY_RELEASE, entry: "registry" },
    module: {
      recipe: "buildkit",
      package: "github.com/distribution/distribution/v3/cmd/registry",
      variables: { "github.com/distribution/distribution/v3/version.version": `v${DISTRIBUTION}` },
    },
  },
};
