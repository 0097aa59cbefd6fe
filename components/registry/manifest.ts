import * as crypto from "node:crypto";

import { BuildError } from "../support/errors";
import { formatPlatform, type OciPlatform, parsePlatform, type Platform } from "../support/platforms";

/** Media types under which an index or a manifest is asked for. */
export const manifestMediaTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

/** Digests of the manifests of an index, by platform. */
export type PlatformDigests = Record<string, string>;

interface Manifest {
  manifests?: { digest: string; platform?: OciPlatform; annotations?: Record<string, string> }[];
}

/**
 * What a registry answered with.
 * @throws BuildError of what is neither an index nor a manifest.
 */
export function parseManifest(bytes: Buffer): Manifest {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as { manifests?: unknown } | null;
    if (isObject(value) && (value.manifests === undefined || isListed(value.manifests))) {
      return value as Manifest;
    }
  } catch {
    // Told below.
  }
  throw new BuildError(`the registry answers with ${bytes.length} bytes that are no manifest`);
}

function isListed(manifests: unknown): boolean {
  return (
    Array.isArray(manifests) &&
    (manifests as unknown[]).every(
      (each) => isObject(each) && typeof each.digest === "string" && isPlatform(each.platform),
    )
  );
}

function isPlatform(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (isObject(value) &&
      typeof value.os === "string" &&
      typeof value.architecture === "string" &&
      (value.variant === undefined || typeof value.variant === "string"))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `sha256:…` of the bytes. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${crypto.createHash("sha256").update(bytes).digest("hex")}`;
}

/**
 * The digest of each platform's manifest, from the bytes that a registry gave for the digest. An error where the bytes
 * are others than those that were pushed, or a platform is missing.
 */
export function readPlatformDigests(
  ref: string,
  digest: string,
  bytes: Buffer,
  platforms: readonly Platform[],
): PlatformDigests {
  const found = digestOf(bytes);
  if (found !== digest) {
    throw new BuildError(`the registry answers ${ref} with other content, of digest ${found}`);
  }
  const { manifests } = parseManifest(bytes);
  if (!manifests) {
    return singlePlatform(ref, digest, platforms);
  }
  const digests: PlatformDigests = {};
  for (const each of manifests) {
    const platform = each.platform && parsePlatform(formatPlatform(each.platform));
    if (platform) {
      digests[platform] ??= each.digest;
    }
  }
  const missing = platforms.filter((platform) => !digests[platform]);
  if (missing.length > 0) {
    const had = Object.keys(digests).join(", ") || "none";
    throw new BuildError(`the index ${ref} lacks ${missing.join(", ")}; it has ${had}`);
  }
  return digests;
}

/** With one platform, what is pushed is the manifest itself. */
function singlePlatform(ref: string, digest: string, platforms: readonly Platform[]): PlatformDigests {
  if (platforms.length !== 1) {
    throw new BuildError(`${ref} is one manifest, not an index of ${platforms.join(", ")}`);
  }
  return { [platforms[0]]: digest };
}

/** What an index or a manifest says of its platforms. */
export interface ListedPlatforms {
  /** Of an index: what its manifests are for. None for a single manifest, which does not say. */
  platforms?: OciPlatform[];
  /** Some manifests of the index do not say what they are for. */
  hasOthers: boolean;
}

/** The platforms of an index as it lists them, without those of attestations. */
export function listPlatforms(bytes: Buffer): ListedPlatforms {
  const { manifests } = parseManifest(bytes);
  const platforms = manifests?.flatMap(({ platform }) => (platform && platform.os !== "unknown" ? [platform] : []));
  return { platforms, hasOthers: manifests?.some(({ platform }) => !platform) ?? false };
}
