import type * as dockerBuild from "@pulumi/docker-build";
import { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs } from "./builder";
import { checkedDigests } from "./digests";
import { argumentError } from "./errors";
import { imageHooks, type ImageBuild } from "./hooks";
import { defaultPlatforms, type Platform } from "./platforms";
import type { PlatformDigests } from "./registry/manifest";
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
   */
  builder: Builder | BuilderArgs | { name: pulumi.Input<string> };
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
    const { platforms, imageArgs, builder, retainOnDelete } = asResourceError(this, () => normalise(name, args));
    const { own, builderName } = resolveBuilder(this, name, builder, platforms);
    const build: ImageBuild = { platforms, wasPushedNow: false };
    this.builder = own;
    this.image = new Image(
      name,
      { ...imageArgs, builder: { name: builderName } },
      { parent: this, retainOnDelete, hooks: own && imageHooks(this, name, own, build) },
    );
    const digests = checkedDigests(this, this.image, imageArgs, build);
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
  const { builder, context, platforms: given = defaultPlatforms, push = true, retainOnDelete = true, ...rest } = args;
  if (!(builder as unknown)) {
    const remedy = "give a Builder, its arguments, or the `name` of one that buildx knows";
    throw argumentError(owner, "builder", builder, remedy);
  }
  const platforms = checkPlatforms(owner, given);
  checkLoad(owner, rest.load === true, platforms);
  checkPlainTags(owner, args.tags, push);
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
  return { platforms, imageArgs, builder, retainOnDelete };
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
  if (!(builder instanceof Builder) && "name" in builder) {
    return { own: undefined, builderName: builder.name };
  }
  const own = builder instanceof Builder ? builder : new Builder(`${name}-builder`, builder, { parent: image });
  asResourceError(image, () => checkPlacement(`MultiPlatformImage ${name}`, own.declaredNodes, platforms));
  return { own, builderName: own.builderName };
}
