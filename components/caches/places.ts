import type * as dockerBuild from "@pulumi/docker-build";

import type { Platform } from "../platforms";

export type CacheTo = dockerBuild.types.output.CacheTo;
export type CacheFrom = dockerBuild.types.output.CacheFrom;

/** How a kind of cache names its place. */
interface CacheKind {
  /** The fields of an export and of an import that hold the place; in `raw`, where it differs, as buildx spells it. */
  to: string;
  from: string;
  /** The place of a cache that names none. */
  unnamed?: string;
  ofPlatform(place: string, platform: string): string;
}

const withSuffix = (place: string, platform: string): string => `${place}-${platform}`;

// https://docs.docker.com/build/cache/backends/
const kinds: Record<"registry" | "local" | "gha" | "s3" | "azblob", CacheKind> = {
  registry: { to: "ref", from: "ref", ofPlatform: refOfPlatform },
  local: { to: "dest", from: "src", ofPlatform: (place, platform) => `${withoutSlashes(place)}/${platform}` },
  gha: { to: "scope", from: "scope", unnamed: "buildkit", ofPlatform: withSuffix },
  s3: { to: "name", from: "name", unnamed: "buildkit", ofPlatform: withSuffix },
  azblob: { to: "name", from: "name", ofPlatform: withSuffix },
};

/** Whether a cache is part of the image, where each platform has its own manifest. */
export function isInline({ inline, raw }: Partial<CacheTo>): boolean {
  return inline !== undefined || /(^|,)type=inline(,|$)/.test(raw ?? "");
}

/** A cache's export with a place of its own for the platform. */
export function exportOfPlatform(cache: CacheTo, platform: Platform): CacheTo {
  return ofPlatform(cache, platform, "to");
}

/** A cache's import from the place of the platform. */
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
      Object.assign(changed, { [key]: { ...given, [field]: placeOf(kind, given[field], name) } });
    }
  }
  return cache.raw ? { ...changed, raw: rawOfPlatform(cache.raw, name, direction) } : changed;
}

function placeOf(kind: CacheKind, given: string | undefined, platform: string): string | undefined {
  const place = given ?? kind.unnamed;
  return place && kind.ofPlatform(place, platform);
}

/** As on buildx's command line: `type=registry,ref=…,mode=max`, or the ref alone. */
function rawOfPlatform(raw: string, platform: string, direction: "to" | "from"): string {
  if (!raw.includes("=")) {
    return refOfPlatform(raw, platform);
  }
  const fields = raw.split(",");
  const type = fields.find((field) => field.startsWith("type="))?.slice("type=".length) ?? "";
  const kind = Object.hasOwn(kinds, type) ? kinds[type as keyof typeof kinds] : undefined;
  if (!kind) {
    return raw;
  }
  const prefix = `${kind[direction]}=`;
  const given = fields.find((field) => field.startsWith(prefix))?.slice(prefix.length);
  const place = placeOf(kind, given, platform);
  const others = fields.filter((field) => !field.startsWith(prefix));
  return (place ? [...others, `${prefix}${place}`] : others).join(",");
}

function withoutSlashes(place: string): string {
  let end = place.length;
  while (place[end - 1] === "/") {
    end -= 1;
  }
  return place.slice(0, end);
}

/** `app:cache` becomes `app:cache-linux-arm64`. What is named by its digest is one cache, and stays. */
function refOfPlatform(ref: string, platform: string): string {
  if (ref.includes("@")) {
    return ref;
  }
  const hasTag = /:./s.test(ref.slice(ref.lastIndexOf("/") + 1));
  return hasTag ? `${ref}-${platform}` : `${ref}:latest-${platform}`;
}
