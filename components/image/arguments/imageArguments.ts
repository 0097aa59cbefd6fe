import type * as dockerBuild from "@pulumi/docker-build";
import type * as pulumi from "@pulumi/pulumi";

import type { Builder } from "../../builder/builder";
import type { BuilderArgs } from "../../builder/builderArguments";
import type { ReportArgs } from "../../insights/reportArguments";
import type { ProvenanceMode } from "../../provenance/statement";
import type { Platform } from "../../support/platforms";
import type { EcrRepository } from "../repository/ecr";

/**
 * Arguments of `MultiPlatformImage`: those of docker-build's `Image`, with the differences below.
 *
 * @see https://www.pulumi.com/registry/packages/docker-build/api-docs/image/
 */
export interface MultiPlatformImageArgs extends Omit<
  dockerBuild.ImageArgs,
  "builder" | "buildOnPreview" | "cacheFrom" | "cacheTo" | "context" | "dockerfile" | "platforms" | "push"
> {
  /**
   * Whether a docker-build `Image` of the same name and parent, which a program had before, becomes this image: it is
   * updated in place, and what it had pushed stays in the registry. Without that Pulumi deletes it after this image is
   * pushed, and docker-build its digest with it. Set it to `false` while a program has both, side by side, under one name.
   * An `Image` of another name is named in the component's options: `aliases: [{ type: "docker-build:index:Image", name }]`.
   *
   * @default true
   * @see https://www.pulumi.com/docs/iac/concepts/resources/options/aliases/
   */
  adopt?: boolean;
  /**
   * Where the image is built: a {@link Builder}, the arguments of one that this image has for itself, or the name of a
   * builder that buildx knows already. Equivalent to buildx's `--builder`.
   *
   * @default - the stack's default builder, with one EC2 node for linux/arm64 and one for linux/amd64: made once for each
   * aws provider, and shared by all images that name no builder
   */
  builder?: Builder | BuilderArgs | { name: pulumi.Input<string> };
  /**
   * Whether `pulumi preview` builds too, with a `builder` that is `{ name }`. With a {@link Builder} it builds nothing: no
   * node wakes in a preview.
   *
   * @default false
   */
  buildOnPreview?: dockerBuild.ImageArgs["buildOnPreview"];
  /**
   * Caches to read from. With several platforms each is read at the locations of the platforms, as `cacheTo` writes them, and
   * at the one that is named, which another tool may have written; what is not there is a line in the log. Equivalent to
   * buildx's `--cache-from`.
   *
   * @default - the nodes' own caches alone
   * @see https://docs.docker.com/build/cache/backends/
   */
  cacheFrom?: dockerBuild.ImageArgs["cacheFrom"];
  /**
   * Caches to write. With several platforms each has a location of its own, because buildx would have every node write to the
   * same one: `app:cache` becomes `app:cache-linux-arm64` and `app:cache-linux-amd64`, the folder `cache` becomes
   * `cache/linux-arm64`, and scopes and names (`gha`, `s3`, `azblob`) get the same ending. They are written after the
   * image, by a build of its platform's node for each. An `inline` cache is part of the image. Equivalent to buildx's
   * `--cache-to`.
   *
   * @default - the nodes' own caches alone
   * @see https://docs.docker.com/build/cache/backends/
   */
  cacheTo?: dockerBuild.ImageArgs["cacheTo"];
  /**
   * Whether each base image of the Dockerfile is asked for the platforms that are wanted of it, before a node wakes: one
   * request to its registry for each image of an update that builds (with `registries` or `repository` and several nodes, for
   * each of its platforms), with the credentials of the build. An index that lacks
   * a platform is an error, as it would be in BuildKit, once nodes are awake. A registry that can't be asked is a warning.
   * See docs/base-images.md.
   *
   * Equivalent to `docker buildx imagetools inspect IMAGE` before a build.
   *
   * @default true
   */
  checkBaseImages?: boolean;
  /**
   * The build context: a path relative to the Pulumi project, an URL, or docker-build's own form with `location` and
   * `named` contexts. Equivalent to buildx's positional argument and `--build-context`.
   *
   * @default - the project's folder
   */
  context?: pulumi.Input<string> | dockerBuild.ImageArgs["context"];
  /**
   * The Dockerfile: its path relative to the Pulumi project (not to the context), or docker-build's own form with `location`
   * or `inline`. Equivalent to buildx's `--file`.
   *
   * @default - the file `Dockerfile` of the context
   */
  dockerfile?: pulumi.Input<string> | dockerBuild.ImageArgs["dockerfile"];
  /**
   * The platforms of the image. Plain, because they decide which nodes are needed. Equivalent to buildx's `--platform`.
   *
   * @default ["linux/amd64", "linux/arm64"]
   */
  platforms?: readonly Platform[];
  /**
   * Whether what BuildKit recorded of each platform's build is attached to the pushed index, as SLSA provenance: an OCI
   * artifact that refers to the index, which stays as it is, `indexDigest` too. It is attached by each build that pushes, and
   * by none that is not needed.
   *
   * - `"min"`: base images and other sources with their digests (a Git context with its commit), frontend, times.
   * - `"max"`: besides, the Dockerfile, all steps, and the values of `buildArgs` and `labels`, also of those that Pulumi
   *   keeps as secrets: whoever can pull the image reads them. The values of `secrets` are in neither.
   *
   * Not signed. A failure to attach it is a warning, because the image is pushed by then. An error where it can't be
   * had: with `push: false`, with `exec`, with `builder: { name }`, and in a Docker engine's container. See docs/recipes.md.
   *
   * Equivalent to buildx's `--provenance=mode=min` or `--attest type=provenance,mode=max`, which docker-build has no argument
   * for. `false` is buildx's word for none.
   *
   * @default false
   * @see https://docs.docker.com/build/metadata/attestations/slsa-provenance/
   * @see https://github.com/pulumi/pulumi-docker-build/issues/73
   */
  provenance?: ProvenanceMode | false;
  /**
   * Dollars that an hour of a node costs, for the cost of a build: by the type of its instance (`{ "m8g.large": 0.05 }`), or by the
   * node's name, which is how nodes of other kinds have a price. Nobody is asked for prices.
   *
   * @default - list prices of EC2 in us-east-1, on demand, with a public IPv4 address (docs/insights.md)
   */
  prices?: Readonly<Record<string, number>>;
  /**
   * Whether the image is pushed to the registries of its `tags`. Equivalent to buildx's `--push`.
   *
   * @default true
   */
  push?: dockerBuild.ImageArgs["push"];
  /**
   * What is reported of each build, besides a few lines in the log: seconds of each platform, what came from the cache, the first
   * step that did not and why, and what it cost. `true` writes a page, `report.html`, with `report.json` and `trace.json`
   * beside it; `false` asks the nodes for nothing. With a {@link Builder} alone. See docs/insights.md.
   *
   * @default - the lines in the log, and a summary where GITHUB_STEP_SUMMARY is set
   */
  report?: boolean | ReportArgs;
  /**
   * The ECR repository that the image is pushed to: an `aws.ecr.Repository`, also one that is made in the same update, or
   * `{ repositoryUrl }` of another stack's. It supplies
   *
   * - the tag, when `tags` is not given: a hash of the build context and of every argument that docker-build compares, and
   *   some characters that are new each time that it changes. So a tag is never pushed twice with different content, and
   *   the repository may have immutable tags;
   * - a credential that is made in each update, which is no change of the image. `registries` are kept beside it.
   *
   * Equivalent to `docker login` with `aws ecr get-login-password`, and to buildx's `--tag`. The caller needs
   * `ecr:GetAuthorizationToken`, and the rights to push.
   *
   * @default - pushed to the registries of `tags`
   * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
   */
  repository?: EcrRepository;
  /**
   * Whether the image stays in its registry when this resource is deleted or replaced. docker-build would delete the
   * digest, which a replace with the same content has just pushed again.
   *
   * @default true
   * @see https://github.com/pulumi/pulumi-docker-build/issues/581
   */
  retainOnDelete?: boolean;
  /**
   * Whether builds get their local contexts from a copy in the project's folder, below `.multi-platform-image`, in place of
   * the folders themselves. In it files have the modes that Git keeps (0644 and 0755), and its path is made of its content:
   * so the same content gives no diff on another machine, whatever its checkout's path and umask are, and each change gives
   * one. Files are hard links where they can be.
   *
   * Set it to `false` where the project's folder can't be written to, or where modes must reach the image as they are; then
   * docker-build compares the folders' paths and the modes of their files. See docs/digests.md.
   *
   * @default true
   */
  stageContext?: boolean;
}
