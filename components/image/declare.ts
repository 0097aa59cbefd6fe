import type * as dockerBuild from "@pulumi/docker-build";
import { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import { nodesOf } from "../session/placement";
import type { Builder } from "../builder/builder";
import type { ImageBuild } from "./hooks/imageBuild";
import type { DeclaredImage } from "./declaredImage";
import { imageHooks } from "./hooks/hooks";
import type { ImageOptions } from "./imageOptions";
import { mockedDigest, orMocked } from "../pulumi/mocks";
import type { Platform } from "../support/platforms";
import type { PlatformDigests } from "../registry/manifest";
import { asResourceError } from "../pulumi/resourceError";
import { isUnbuilt, resolvedOr } from "../pulumi/resolved";
import { withoutTraces } from "../pulumi/traces";
import { indexDockerfile } from "./indexDockerfile";
import { exportByDigest, repositoriesOf } from "./platformRepositories";

/** What an image is declared with. */
export interface ImageDeclaration {
  component: pulumi.Resource;
  name: string;
  builder: Builder | undefined;
  imageArgs: dockerBuild.ImageArgs;
  build: ImageBuild;
  /** Of the image that has the tags. */
  options: ImageOptions & { retainOnDelete: boolean };
}

/**
 * Whether each platform is to be an image of its own: where several nodes push with a login that the arguments give.
 *
 * docker-build 0.0.22 pushes the index of one image that several nodes have built with Docker's own login alone. So each
 * node pushes its platform by digest, and one of them, which has the login, puts the index together and pushes it.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/host.go (`builderFor`: the builder, and
 * with it the login of its index, is loaded once, with Docker's configuration)
 */
export function needsPlatformImages({ builder, imageArgs, build }: ImageDeclaration): boolean {
  const { registries, push, exports, exec, cacheTo } = imageArgs;
  const isOneNode =
    builder === undefined ||
    (builder.declaredNodes.length > 0 && nodesOf(builder.declaredNodes, build.platforms).length === 1);
  const hasLogin = registries !== undefined && !(Array.isArray(registries) && registries.length === 0);
  // An inline cache is part of what its build has pushed, and other exports are of the whole image.
  const isPlain = push === true && exports === undefined && !exec && cacheTo === undefined;
  return hasLogin && isPlain && !isOneNode && build.platforms.length > 1;
}

/** docker-build's resources for an image. */
export function declareImage(declaration: ImageDeclaration): DeclaredImage {
  return withoutTraces(() => declareResources(declaration));
}

function declareResources(declaration: ImageDeclaration): DeclaredImage {
  const { component, name, builder, imageArgs, build, options } = declaration;
  if (builder && needsPlatformImages(declaration)) {
    return declarePlatformImages({ ...declaration, builder });
  }
  const image = new Image(name, imageArgs, {
    ...options,
    parent: component,
    // Nodes are resources of the builder; the builder's name alone does not wait for them.
    dependsOn: builder ? [builder] : [],
    hooks: builder && imageHooks(component, name, builder, build),
  });
  return { image, digest: digestOf(image, name), platformImages: [] };
}

function digestOf({ digest }: Image, name: string): pulumi.Output<string> {
  return orMocked(digest, mockedDigest(name));
}

/** For a preview: of a Dockerfile that is not known docker-build takes the context's own, which may not be there. */
const unknownDockerfile = "# known in the update\nFROM scratch\n";

type OnBuilder = ImageDeclaration & { builder: Builder };

function declarePlatformImages(declaration: OnBuilder): DeclaredImage {
  const { component, name, builder, imageArgs, build, options } = declaration;
  const repositories = pulumi
    .output(imageArgs.tags)
    .apply((given) => asResourceError(component, () => repositoriesOf(given ?? [])));
  const platformImages = build.platforms.map((platform) => platformImage(declaration, platform, repositories));
  const pushedDigests = pulumi.unsecret(
    pulumi
      .all(platformImages.map((each, at) => digestOf(each, `${name} ${build.platforms[at]}`)))
      .apply((digests) => byPlatform(build.platforms, digests)),
  );
  const dockerfile = pulumi
    .all([repositories, pushedDigests])
    .apply(([[repository], digests]) => indexDockerfile(repository, digests));
  const indexArgs: dockerBuild.ImageArgs = {
    buildOnPreview: false,
    builder: { name: builder.indexBuilderNameFor(component) },
    // The same as of the platforms, and not read: with none, docker-build takes the project's folder.
    context: imageArgs.context,
    dockerfile: { inline: pulumi.runtime.isDryRun() ? resolvedOr(dockerfile, unknownDockerfile) : dockerfile },
    platforms: imageArgs.platforms,
    push: true,
    registries: imageArgs.registries,
    tags: imageArgs.tags,
  };
  const image = new Image(name, indexArgs, {
    ...indexOptions(options),
    parent: component,
    dependsOn: [builder],
    hooks: imageHooks(component, name, builder, build, "index"),
  });
  return { image, digest: digestOf(image, name), platformImages, pushedDigests };
}

/**
 * The options of the index. Its Dockerfile is made of what the platforms have pushed: where a user wants a change of theirs
 * ignored, the platforms' images ignore it, and an index that did so too would hold the platforms of another build.
 */
export function indexOptions<Options extends ImageOptions>(options: Options): Options {
  const { ignoreChanges } = options;
  return { ...options, ignoreChanges: ignoreChanges?.filter((each) => !/^dockerfile\b/.test(each)) };
}

function platformImage(
  { component, name, builder, imageArgs, build, options }: OnBuilder,
  platform: Platform,
  repositories: pulumi.Output<string[]>,
): Image {
  const ownName = `${name}-${platform.replaceAll("/", "-")}`;
  const ownArgs: dockerBuild.ImageArgs = {
    ...imageArgs,
    platforms: [platform] as dockerBuild.ImageArgs["platforms"],
    tags: undefined,
    push: false,
    exports: [{ raw: repositories.apply(exportByDigest) }],
  };
  const { checkedArgs, provider, provenance, insights } = build;
  const common = { checkedArgs, provider, provenance, insights };
  const ownBuild: ImageBuild = { ...common, platforms: [platform], wasPushedNow: false };
  return new Image(ownName, ownArgs, {
    ...options,
    // No program had it before.
    aliases: [],
    parent: component,
    dependsOn: [builder],
    // docker-build deletes by tags, and this has none.
    retainOnDelete: true,
    hooks: imageHooks(component, ownName, builder, ownBuild, "platform"),
  });
}

function byPlatform(platforms: readonly Platform[], digests: readonly string[]): PlatformDigests {
  return digests.some(isUnbuilt)
    ? (pulumi.unknown as unknown as PlatformDigests)
    : Object.fromEntries(platforms.map((platform, at) => [platform, digests[at]]));
}
