import type * as dockerBuild from "@pulumi/docker-build";
import { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import type { Builder } from "../builder/builder";
import { imageHooks } from "./hooks/hooks";
import type { Platform } from "../support/platforms";
import { asResourceError } from "../pulumi/resourceError";
import { type CacheFrom, type CacheTo, exportOfPlatform, importOfPlatform, isInline } from "./caches/cacheLocations";
import { hasKey, wholeExport, wholeImport } from "./caches/raw";

/** An image's arguments, and the caches that are exported beside it. */
export interface SplitCaches {
  imageArgs: dockerBuild.ImageArgs;
  /** What is exported for each platform by itself: nothing of an image that has one, or inline caches alone. */
  cacheTo?: pulumi.Output<CacheTo[]>;
}

/**
 * Takes the caches that a node would overwrite out of the arguments of an image with several platforms.
 *
 * buildx gives the same `cacheTo` to every node: the last one to end would have the location for itself, and the next cold
 * build of the other platform would find nothing. So each platform gets a location of its own, from which all of them read;
 * and what `cacheFrom` names is read as it is, too, because another tool may have written it.
 *
 * @see https://github.com/docker/buildx/discussions/1382
 */
export function splitCaches(args: dockerBuild.ImageArgs, platforms: readonly Platform[]): SplitCaches {
  if (args.cacheTo && areInline(args.cacheTo)) {
    return { imageArgs: args };
  }
  const cacheTo = args.cacheTo && exportsOf(pulumi.output(args.cacheTo));
  const cacheFrom = args.cacheFrom && importsOf(pulumi.output(args.cacheFrom), platforms);
  if (platforms.length === 1) {
    return { imageArgs: { ...args, cacheFrom, cacheTo: cacheTo && asWhole(cacheTo, wholeExport) } };
  }
  if (!cacheTo) {
    return { imageArgs: { ...args, cacheFrom } };
  }
  const inline = hasNoInline(args.cacheTo) ? undefined : cacheTo.apply((given) => given.filter(isInline));
  return {
    imageArgs: { ...args, cacheFrom, cacheTo: inline },
    cacheTo: cacheTo.apply((given) => given.filter((cache) => !isInline(cache))),
  };
}

/**
 * Exports the caches of an image: one build without an output for each platform, on the node that has just built it, so
 * that all of its steps are there.
 */
export function exportCaches(
  component: pulumi.Resource,
  name: string,
  cacheTo: pulumi.Output<CacheTo[]>,
  built: { image: Image; imageArgs: dockerBuild.ImageArgs; platforms: readonly Platform[]; builder?: Builder },
): void {
  const { image, imageArgs, platforms, builder } = built;
  for (const platform of platforms) {
    const ownName = `${name}-cache-${platform.replaceAll("/", "-")}`;
    const ownArgs: dockerBuild.ImageArgs = {
      ...imageArgs,
      buildOnPreview: false,
      tags: undefined,
      push: false,
      load: false,
      // All steps have just been run.
      noCache: false,
      exports: [{ cacheonly: {} }],
      platforms: [platform] as dockerBuild.ImageArgs["platforms"],
      cacheTo: asWhole(cacheTo, (cache) =>
        asResourceError(component, () => wholeExport(exportOfPlatform(cache, platform))),
      ),
    };
    new Image(ownName, ownArgs, {
      parent: component,
      dependsOn: [image],
      // There is nothing to delete: the provider would ask for an image without a name.
      retainOnDelete: true,
      hooks: builder && imageHooks(component, ownName, builder, { platforms: [platform], wasPushedNow: false }),
    });
  }
}

/** Whether all that is given is known now to be inline: then nothing is exported beside the image. */
function areInline(cacheTo: dockerBuild.ImageArgs["cacheTo"]): boolean {
  return Array.isArray(cacheTo) && cacheTo.every(isKnownInline);
}

/** Whether it is known now that nothing of it is part of the image. */
function hasNoInline(cacheTo: dockerBuild.ImageArgs["cacheTo"]): boolean {
  const isPlain = (cache: unknown) =>
    !pulumi.Output.isInstance(cache) && !pulumi.Output.isInstance((cache as { raw?: unknown }).raw);
  return Array.isArray(cacheTo) && cacheTo.every((cache) => isPlain(cache) && !isKnownInline(cache));
}

function isKnownInline(cache: unknown): boolean {
  const { inline, raw } = cache as { inline?: unknown; raw?: unknown };
  return isInline({ inline: inline as CacheTo["inline"], raw: typeof raw === "string" ? raw : undefined });
}

function exportsOf(given: pulumi.Output<CacheTo[] | undefined>): pulumi.Output<CacheTo[]> {
  return given.apply((caches = []) => caches.map(withImageManifest));
}

/**
 * BuildKit's own default since v0.21. docker-build's is `false`: an index of what are no manifests, which ECR refuses, and
 * the registry that most others are made of, since its version 3.
 * @see https://github.com/moby/buildkit/releases/tag/v0.21.0
 */
function withImageManifest(cache: CacheTo): CacheTo {
  return cache.registry ? { ...cache, registry: { imageManifest: true, ...cache.registry } } : cache;
}

function importsOf(given: pulumi.Output<CacheFrom[] | undefined>, platforms: readonly Platform[]) {
  const ofPlatforms = platforms.length > 1 ? platforms : [];
  const locations = given.apply((caches = []) =>
    withoutDoubles([
      ...ofPlatforms.flatMap((platform) => caches.map((cache) => importOfPlatform(cache, platform))),
      ...caches,
    ]),
  );
  return asWhole(locations, wholeImport);
}

/** docker-build takes a key in the typed form for a secret, in `raw` it can't. */
function asWhole<T extends CacheTo | CacheFrom>(given: pulumi.Output<T[]>, whole: (cache: T) => T): pulumi.Output<T[]> {
  return given.apply((caches) => {
    const changed = caches.map(whole);
    return (caches.some(hasKey) ? pulumi.secret(changed) : pulumi.output(changed)) as pulumi.Output<T[]>;
  });
}

function withoutDoubles(caches: CacheFrom[]): CacheFrom[] {
  const texts = caches.map((cache) => JSON.stringify(cache));
  return caches.filter((_, at) => texts.indexOf(texts[at]) === at);
}
