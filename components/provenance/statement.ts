import type { RecordedProvenance } from "../buildkit/history";
import { digestOf, parseManifest, type PlatformDigests } from "../registry/manifest";
import { withoutLogins } from "../support/withoutLogins";

/** How much of a build its provenance describes: buildx's words. */
export type ProvenanceMode = "min" | "max";

/** A blob or a manifest as others refer to it. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

/** What is pushed: a manifest, and the blobs that must be there before it. */
export interface Referrer {
  manifest: Buffer;
  blobs: Buffer[];
}

export const inTotoMediaType = "application/vnd.in-toto+json";
export const manifestMediaType = "application/vnd.oci.image.manifest.v1+json";
export const indexMediaType = "application/vnd.oci.image.index.v1+json";

const emptyConfig = Buffer.from("{}");

interface Request {
  args?: Record<string, string>;
  secrets?: unknown;
  ssh?: unknown;
  inputs?: Record<string, { request?: Request }>;
  root?: { request?: Request };
}

interface Predicate {
  buildDefinition?: { externalParameters?: { request?: Request }; internalParameters?: { buildConfig?: unknown } };
  runDetails?: {
    metadata?: {
      buildkit_metadata?: { source?: unknown; layers?: unknown; sysUsage?: unknown };
      buildkit_completeness?: { request?: boolean };
    };
  };
}

/**
 * BuildKit records `max` whatever was asked for. `min` is what it makes of that itself, besides what it samples of its
 * machine, which is nobody's business in either.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/provenance.go (`scrubMinRequest`)
 */
export function reducePredicate(recorded: object, mode: ProvenanceMode): object {
  const predicate = withoutLogins(recorded) as Predicate;
  const { buildkit_metadata: details, buildkit_completeness: completeness } = predicate.runDetails?.metadata ?? {};
  delete details?.sysUsage;
  if (mode === "min") {
    delete details?.source;
    delete details?.layers;
    delete predicate.buildDefinition?.internalParameters?.buildConfig;
    const hasLost = reduceRequest(predicate.buildDefinition?.externalParameters?.request);
    if (hasLost && completeness) {
      completeness.request = false;
    }
  }
  return predicate;
}

/** Says whether arguments were left out. */
function reduceRequest(request: Request | undefined): boolean {
  if (!request) {
    return false;
  }
  const args = Object.entries(request.args ?? {});
  const kept = args.filter(([key]) => !/^(build-arg|label):/.test(key));
  if (request.args) {
    request.args = Object.fromEntries(kept);
  }
  delete request.secrets;
  delete request.ssh;
  const nested = [...Object.values(request.inputs ?? {}), request.root].map((each) => reduceRequest(each?.request));
  return kept.length < args.length || nested.includes(true);
}

/** The in-toto statement of one platform, about its manifest. */
export function statementOf(
  repository: string,
  digest: string,
  { predicateType, predicate }: RecordedProvenance,
  mode: ProvenanceMode,
): Buffer {
  const [algorithm, value] = digest.split(":");
  return json({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: repository, digest: { [algorithm]: value } }],
    predicateType,
    predicate: reducePredicate(predicate, mode),
  });
}

/** One OCI artifact with the statements of all platforms, which refers to the pushed index. */
export function referrerOf(
  subject: Descriptor,
  repository: string,
  digests: PlatformDigests,
  recorded: readonly RecordedProvenance[],
  mode: ProvenanceMode,
): Referrer {
  const statements = recorded.map((each) => ({
    ...each,
    bytes: statementOf(repository, digests[each.platform], each, mode),
  }));
  const layers = statements.map(({ platform, predicateType, bytes }) => ({
    ...describe(bytes, inTotoMediaType),
    annotations: {
      "in-toto.io/predicate-type": predicateType,
      "org.opencontainers.image.title": `provenance-${platform.replaceAll("/", "-")}.json`,
    },
  }));
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestMediaType,
    artifactType: inTotoMediaType,
    config: describe(emptyConfig, "application/vnd.oci.empty.v1+json"),
    layers,
    subject,
  });
  return { manifest, blobs: [emptyConfig, ...statements.map(({ bytes }) => bytes)] };
}

export function describe(bytes: Buffer, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** What a pushed index or manifest is referred to by. */
export function describePushed(bytes: Buffer): Descriptor {
  const { mediaType = indexMediaType } = JSON.parse(bytes.toString("utf8")) as { mediaType?: string };
  return describe(bytes, mediaType);
}

/** The tag under which registries without the referrers API keep what refers to a digest. */
export function referrersTag(digest: string): string {
  return digest.replace(":", "-");
}

/** The list of referrers with one more, once. */
export function withReferrer(list: Buffer | undefined, manifest: Buffer): Buffer {
  const { manifests = [], ...rest } = list ? (parseManifest(list) as { manifests?: Descriptor[] }) : {};
  const added = { ...describe(manifest, manifestMediaType), artifactType: inTotoMediaType };
  const others = manifests.filter(({ digest }) => digest !== added.digest);
  return json({ schemaVersion: 2, mediaType: indexMediaType, ...rest, manifests: [...others, added] });
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
