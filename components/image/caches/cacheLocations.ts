import type * as dockerBuild from "@pulumi/docker-build";

import { BuildError } from "../../support/errors";
import type { Platform } from "../../support/platforms";
import { type CacheText, formatCacheText, parseCacheTexts } from "./cacheText";

export type CacheTo = dockerBuild.types.output.CacheTo;
export type CacheFrom = dockerBuild.types.output.CacheFrom;

/** How a kind of cache names its location. */
interface CacheKind {
  /** The fields of an export and of an import that hold the location; in `raw`, where it differs, as buildx spells it. */
  to: string;
  from: string;
  /** The location of a cache that names none. */
  unnamed?: string;
  ofPlatform(location: string, platform: string): string;
}

const withSuffix = (location: string, platform: string): string => `${location}-${platform}`;
/** Of several names, each is written to. */
const withSuffixes = (names: string, platform: string): string =>
  names
    .split(";")
    .map((name) => withSuffix(name, platform))
    .join(";");

// https://docs.docker.com/build/cache/backends/
const kinds: Record<"registry" | "local" | "gha" | "s3" | "azblob", CacheKind> = {
  registry: { to: "ref", from: "ref", ofPlatform: refOfPlatform },
  local: { to: "dest", from: "src", ofPlatform: (location, platform) => `${withoutSlashes(location)}/${platform}` },
  gha: { to: "scope", from: "scope", unnamed: "buildkit", ofPlatform: withSuffix },
  s3: { to: "name", from: "name", unnamed: "buildkit", ofPlatform: withSuffixes },
  azblob: { to: "name", from: "name", unnamed: "buildkit", ofPlatform: withSuffixes },
};

/** Whether a cache is part of the image, where each platform has its own manifest. */
export function isInline({ inline, raw }: Partial<CacheTo>): boolean {
  const texts = raw === undefined ? [] : parseCacheTexts(raw);
  return inline !== undefined || (Array.isArray(texts) && texts.some(({ type }) => type === "inline"));
}

/** A cache's export with a location of its own for the platform. */
export function exportOfPlatform(cache: CacheTo, platform: Platform): CacheTo {
  return ofPlatform(cache, platform, "to");
}

/** A cache's import from the location of the platform. */
export function importOfPlatform(cache: CacheFrom, platform: Platform): CacheFrom {
  return ofPlatform(cache, platform, "from");
}

function ofPlatform<T extends CacheTo | CacheFrom>(cache: T, platform: Platform, direction: "to" | "from"): T {
  const name = platform.replaceAll("/", "-");
  const changed = { ...cache } as T & Record<string, Record<string, string | undefined> | undefined>;
  for (const [key, kind] of Object.entries(kinds)) {
    const given = changed[key];
    if (given) {
      const field = kind[direction];
      Object.assign(changed, { [key]: { ...given, [field]: locationOf(kind, given[field], name) } });
    }
  }
  return cache.raw ? { ...changed, raw: rawOfPlatform(cache.raw, name, direction) } : changed;
}

function locationOf(kind: CacheKind, given: string | undefined, platform: string): string | undefined {
  const location = given ?? kind.unnamed;
  return location && kind.ofPlatform(location, platform);
}

/** As on buildx's command line: `type=registry,ref=…,mode=max`, or refs alone. */
function rawOfPlatform(raw: string, platform: string, direction: "to" | "from"): string {
  const texts = parseCacheTexts(raw);
  const problem = rawProblem(texts);
  if ("problem" in texts || problem !== undefined) {
    // To read from one location is no harm, and buildx says what is wrong.
    if (direction === "from") {
      return raw;
    }
    throw new BuildError(`\`cacheTo\` has ${JSON.stringify(raw)}: ${problem}`);
  }
  if (!raw.includes("=")) {
    return texts.map(({ attributes: [[, ref]] }) => refOfPlatform(ref, platform)).join(",");
  }
  return texts.map((text) => formatCacheText(textOfPlatform(text, platform, direction))).join(",");
}

function textOfPlatform({ type, attributes }: CacheText, platform: string, direction: "to" | "from"): CacheText {
  const kind = kindOf(type);
  if (!kind) {
    return { type, attributes };
  }
  const field = kind[direction];
  const location = locationOf(kind, new Map(attributes).get(field), platform);
  const others = attributes.filter(([name]) => name !== field);
  return { type, attributes: location ? [...others, [field, location]] : others };
}

/**
 * What is wrong with an export of an image with several platforms, or nothing: of a text that is not understood, the nodes would
 * write over each other's.
 */
export function exportProblem(raw: string): string | undefined {
  return rawProblem(parseCacheTexts(raw));
}

function rawProblem(texts: CacheText[] | { problem: string }): string | undefined {
  if ("problem" in texts) {
    return `${texts.problem}. Write it as buildx takes it, for instance type=registry,ref=ghcr.io/acme/api:cache,mode=max`;
  }
  const unknown = texts.find(({ type }) => type !== "inline" && !kindOf(type));
  return (
    unknown &&
    `no location for each platform is known of type ${JSON.stringify(unknown.type)}; known are ${Object.keys(kinds).join(", ")} and inline`
  );
}

function kindOf(type: string): CacheKind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type as keyof typeof kinds] : undefined;
}

function withoutSlashes(location: string): string {
  let end = location.length;
  while (location[end - 1] === "/") {
    end -= 1;
  }
  return location.slice(0, end);
}

/** `app:cache` becomes `app:cache-linux-arm64`. What is named by its digest is one cache, and stays. */
function refOfPlatform(ref: string, platform: string): string {
  if (ref.includes("@")) {
    return ref;
  }
  const hasTag = /:./s.test(ref.slice(ref.lastIndexOf("/") + 1));
  return hasTag ? `${ref}-${platform}` : `${ref}:latest-${platform}`;
}
