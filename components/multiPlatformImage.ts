import type * as dockerBuild from "@pulumi/docker-build";
import { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import { Builder } from "./builder";
import type { BuilderArgs } from "./builderArguments";
import { defaultBuilder } from "./defaultBuilder";
import { checkedDigests } from "./digests";
import { imageHooks, type ImageBuild } from "./hooks";
import { defaultPlatforms, type Platform } from "./platforms";
import type { PlatformDigests } from "./registry/manifest";
import { checkRepository, type EcrRepository, withRepository } from "./repository/ecr";
import { asResourceError } from "./resourceError";
import { checkContext, checkLoad, checkPlacement, checkPlatforms, checkTags } from "./validate";

const imageType = "multi-platform-image:index:MultiPlatformImage";

/**
 * Arguments of {@link MultiPlatformImage}: those of docker-build's `Image`, with the differences below.
 *
 * @see https://www.pulumi.com/registry/packages/docker-build/api-docs/image/
 */
export interface MultiPlatformImageArgs extends Omit<
  dockerBuild.ImageArgs,
  "builder" | "buildOnPreview" | "context" | "platforms" | "push"
> {
  /**
   * Where the image is built: a {@link Builder}, the arguments of one that this image has for itself, or the name of a
   * builder that buildx knows already. Equivalent to buildx's `--builder`.
   *
   * @default - the stack's default builder, with one EC2 node for linux/arm64 and one for linux/amd64: made once for each
   * aws provider, and shared by all images that name no builder
   */
  builder?: Builder | BuilderArgs | { name: pulumi.Input<string> };
  /**
   * Whether `pulumi preview` builds too. It would wake nodes.
   *
   * @default false
   */
  buildOnPreview?: dockerBuild.ImageArgs["buildOnPreview"];
  /**
   * The build context: a path relative to the Pulumi project, an URL, or docker-build's own form with `location` and
   * `named` contexts. Equivalent to buildx's positional argument and `--build-context`.
   *
   * @default - the project's folder
   */
  context?: string | dockerBuild.ImageArgs["context"];
  /**
   * The platforms of the image. Plain, because they decide which nodes are needed. Equivalent to buildx's `--platform`.
   *
   * @default ["linux/amd64", "linux/arm64"]
   */
  platforms?: readonly Platform[];
  /**
   * Whether the image is pushed to the registries of its `tags`. Equivalent to buildx's `--push`.
   *
   * @default true
   */
  push?: dockerBuild.ImageArgs["push"];
  /**
   * The ECR repository that the image is pushed to: an `aws.ecr.Repository`, also one that is made in the same `up`, or
   * `{ repositoryUrl }` of another stack's. It supplies
   *
   * - the tag, when `tags` is not given: a hash of the build context and of every argument that docker-build compares, and
   *   some characters that are new each time that it changes. So a tag is never pushed twice with different content, and
   *   the repository may have immutable tags;
   * - a credential that is made in each `up`, which is no change of the image. `registries` are kept beside it.
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
}

/**
 * An image for several platforms, each built natively on its own node of one builder, pushed as one index.
 *
 * ```ts
 * const image = new MultiPlatformImage("api", {
 *   context: "./api",
 *   tags: ["ghcr.io/acme/api:1.0"],
 *   builder: { nodes: [arm64Node, amd64Node] },
 * });
 * export const digest = image.indexDigest;
 * ```
 */
export class MultiPlatformImage extends pulumi.ComponentResource {
  /**
   * The digest of the pushed index, `sha256:…`, checked to hold every platform. With one platform it is the digest of
   * the manifest, because that is what is pushed.
   */
  public readonly indexDigest: pulumi.Output<string>;
  /** The first tag with the digest: `ghcr.io/acme/api:1.0@sha256:…`. What ECS and EKS should run. */
  public readonly ref: pulumi.Output<string>;
  /** docker-build's own resource. */
  public readonly image: Image;
  /** The builder, where it is one of ours. */
  public readonly builder: Builder | undefined;
  private readonly readPlatformDigests: () => pulumi.Output<PlatformDigests>;

  /**
   * @throws pulumi.ResourceError for a wrong platform, tag, context or Dockerfile, for a push without a tag, for `load`
   * with two platforms, and for a platform without a node: all before the first resource.
   */
  constructor(name: string, args: MultiPlatformImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super(imageType, name, {}, opts);
    const { platforms, builder, repository, retainOnDelete, ...normal } = asResourceError(this, () =>
      normalise(name, args),
    );
    const { own, builderName } = resolveBuilder(this, name, builder, platforms);
    const build: ImageBuild = { platforms, wasPushedNow: false };
    this.builder = own;
    const ownArgs = { ...normal.imageArgs, builder: { name: builderName } };
    const { imageArgs, generation } = repository
      ? withRepository(this, name, repository, ownArgs)
      : { imageArgs: ownArgs, generation: undefined };
    this.image = new Image(name, imageArgs, {
      parent: this,
      // Nodes are resources of the builder; the builder's name alone does not wait for them.
      dependsOn: own ? [own] : [],
      retainOnDelete,
      hooks: own && imageHooks(this, name, own, build),
    });
    const digests = checkedDigests(this, this.image, imageArgs, build, generation ?? this.image);
    this.indexDigest = digests.indexDigest;
    this.ref = digests.ref;
    this.readPlatformDigests = digests.platformDigests;
    this.registerOutputs(digests.registered);
  }

  /**
   * The digest of each platform's manifest: `{ "linux/arm64": "sha256:…" }`. An error, if it is used, when nothing is
   * pushed or the registry can't be asked.
   */
  get platformDigests(): pulumi.Output<PlatformDigests> {
    return this.readPlatformDigests();
  }
}

function normalise(name: string, args: MultiPlatformImageArgs) {
  const owner = `MultiPlatformImage ${name}`;
  const { builder, context, platforms: given = defaultPlatforms, push = true, retainOnDelete = true, ...others } = args;
  const { repository, ...rest } = others;
  const platforms = checkPlatforms(owner, given);
  checkLoad(owner, rest.load === true, platforms);
  checkRepository(owner, repository);
  if (!repository || rest.tags !== undefined) {
    checkPlainTags(owner, rest.tags, push);
  }
  const buildContext = typeof context === "string" ? { location: context } : context;
  checkPlainContext(owner, buildContext, args.dockerfile);
  const imageArgs: dockerBuild.ImageArgs = {
    buildOnPreview: false,
    ...rest,
    context: buildContext,
    // docker-build's type knows no variants (linux/arm/v7); the provider does.
    platforms: [...given] as dockerBuild.ImageArgs["platforms"],
    push,
  };
  return { platforms, imageArgs, builder, repository, retainOnDelete };
}

function checkPlainTags(owner: string, tags: dockerBuild.ImageArgs["tags"], push: dockerBuild.ImageArgs["push"]): void {
  if (tags === undefined || Array.isArray(tags)) {
    const plain = (tags ?? []).map((tag) => (typeof tag === "string" ? tag : undefined));
    checkTags(owner, plain, push === true);
  }
}

function checkPlainContext(
  owner: string,
  context: dockerBuild.ImageArgs["context"],
  dockerfile: dockerBuild.ImageArgs["dockerfile"],
): void {
  const { location } = (context ?? { location: "." }) as { location?: unknown };
  const file = (dockerfile ?? {}) as { location?: unknown; inline?: unknown };
  const isKnown = (value: unknown) => value === undefined || typeof value === "string";
  if (typeof location === "string" && isKnown(file.location) && !pulumi.Output.isInstance(dockerfile)) {
    checkContext(owner, location, { location: file.location, inline: file.inline !== undefined });
  }
}

function resolveBuilder(
  image: MultiPlatformImage,
  name: string,
  builder: MultiPlatformImageArgs["builder"],
  platforms: readonly Platform[],
): { own: Builder | undefined; builderName: pulumi.Input<string> } {
  if (builder && !(builder instanceof Builder) && "name" in builder) {
    return { own: undefined, builderName: builder.name };
  }
  const own = ownBuilder(image, name, builder);
  if (own.declaredNodes.length > 0) {
    asResourceError(image, () => checkPlacement(`MultiPlatformImage ${name}`, own.declaredNodes, platforms));
  }
  return { own, builderName: own.builderNameFor(image) };
}

function ownBuilder(image: MultiPlatformImage, name: string, builder: Builder | BuilderArgs | undefined): Builder {
  if (builder instanceof Builder) {
    return builder;
  }
  return builder ? new Builder(`${name}-builder`, builder, { parent: image }) : defaultBuilder(image);
}
