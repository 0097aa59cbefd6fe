import type { RecordedProvenance } from "../buildkit/history";
import { BuildError } from "../support/errors";
import type { Platform } from "../support/platforms";
import { patienceOf } from "../registry/checkImage";
import { findCredential } from "../registry/credentials";
import type { RegistryLogin } from "../registry/logins";
import { digestOf, type PlatformDigests, readPlatformDigests } from "../registry/manifest";
import { RegistryWriter } from "../registry/push";
import { fetchManifest, RegistryUnreachableError } from "../registry/read";
import { type ImageReference, requireReference } from "../registry/reference";
import {
  describePushed,
  indexMediaType,
  manifestMediaType,
  type ProvenanceMode,
  referrerOf,
  referrersTag,
  withReferrer,
} from "./statement";

/** A pushed image whose provenance is attached. */
export interface AttachedImage {
  tag: string;
  digest: string;
  platforms: readonly Platform[];
  logins: readonly RegistryLogin[];
  insecureRegistries: readonly string[];
  mode: ProvenanceMode;
}

/** Reads what the nodes recorded of the builds that pushed these digests. */
export type ReadRecords = (repository: string, digests: PlatformDigests) => Promise<RecordedProvenance[]>;

/**
 * Attaches the provenance of an image's builds to its index in the registry, which stays as it is.
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
 */
export async function attachProvenance(image: AttachedImage, readRecords: ReadRecords): Promise<void> {
  const { tag, digest, platforms, logins, insecureRegistries, mode } = image;
  const reference = requireReference(tag);
  const isInsecure = insecureRegistries.includes(reference.registry);
  const repository = `${reference.registry}/${reference.repository}`;
  const ref = `${repository}@${digest}`;
  const pushed = await fetchManifest({ ...reference, tagOrDigest: digest, ref, isInsecure }, logins, {
    patience: patienceOf(undefined),
  });
  const digests = readPlatformDigests(ref, digest, pushed, platforms);
  const recorded = await readRecords(repository, digests);
  const missing = platforms.filter((each) => !recorded.some(({ platform }) => platform === each));
  if (missing.length > 0) {
    throw new BuildError(
      `BuildKit has no record of the build that pushed ${missing.map((each) => `${digests[each]} (${each})`).join(", ")}; ` +
        "its `[history]` settings may keep too few",
    );
  }
  const { manifest, blobs } = referrerOf(describePushed(pushed), repository, digests, recorded, mode);
  const writer = new RegistryWriter({ ...reference, isInsecure }, await findCredential(reference.registry, logins));
  for (const blob of blobs) {
    await writer.pushBlob(blob);
  }
  const isListed = await writer.pushManifest(digestOf(manifest), manifest, manifestMediaType);
  if (!isListed) {
    await listByTag(writer, { ...reference, isInsecure }, digest, manifest, logins);
  }
}

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema */
async function listByTag(
  writer: RegistryWriter,
  reference: ImageReference & { isInsecure: boolean },
  digest: string,
  manifest: Buffer,
  logins: readonly RegistryLogin[],
): Promise<void> {
  const tagOrDigest = referrersTag(digest);
  const ref = `${reference.registry}/${reference.repository}:${tagOrDigest}`;
  const list = await fetchManifest({ ...reference, tagOrDigest, ref }, logins).catch((error: Error) => {
    if (error instanceof RegistryUnreachableError) {
      throw error;
    }
    return undefined;
  });
  await writer.pushManifest(tagOrDigest, withReferrer(list, manifest), indexMediaType);
}
