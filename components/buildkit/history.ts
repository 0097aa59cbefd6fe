import { parsePlatform, type Platform } from "../support/platforms";
import type { PlatformDigests } from "../registry/manifest";
import { parsePulled } from "../registry/reference";
import { deadline, type Streaming, withClient } from "./connection";
import { type ContentClient, historyServices, readBlob } from "./content";
import { historyDescriptor } from "./historyProtocol";

/** What BuildKit noted of a build of one platform. */
export interface RecordedProvenance {
  platform: Platform;
  predicateType: string;
  predicate: object;
}

interface Descriptor {
  media_type: string;
  digest: string;
  annotations: Record<string, string>;
}

interface ResultInfo {
  Attestations: Descriptor[];
  Results: Record<string, Descriptor>;
}

interface BuildRecord {
  Exporters: { Attrs: Record<string, string> }[];
  CompletedAt: { seconds: string; nanos: number } | null;
  Result: ResultInfo | null;
  Results: Record<string, ResultInfo>;
}

interface HistoryClient extends ContentClient {
  ListenBuildHistory: Streaming<{ EarlyExit: boolean }, { record: BuildRecord | null }>;
}

const historyApi = {
  descriptor: historyDescriptor,
  services: historyServices,
};
const predicateTypeKey = "in-toto.io/predicate-type";
const provenancePrefix = "https://slsa.dev/provenance/";

/**
 * The provenance that the daemon behind a unix socket recorded of the builds which pushed these digests: for each platform
 * of the newest record that holds its digest and names the repository, because nodes are shared and another's build of
 * the same content has other arguments. What it has no record of is left out.
 */
export async function readProvenance(
  socket: string,
  repository: string,
  wanted: PlatformDigests,
  /** Of several nodes each pushes by digest. Another record with the same digests is of the index, put together there. */
  isByDigest: boolean,
  timeoutMilliseconds: number,
): Promise<RecordedProvenance[]> {
  const options = deadline(timeoutMilliseconds);
  return withClient(socket, historyApi, async (client: HistoryClient) => {
    const read = (digest: string) => readBlob(client, digest, options);
    const events = (await client.ListenBuildHistory({ EarlyExit: true }, options).toArray()) as {
      record: BuildRecord | null;
    }[];
    const records = events
      .flatMap(({ record }) => (record?.CompletedAt && pushesTo(record, repository, isByDigest) ? [record] : []))
      .sort((first, second) => completedAt(second) - completedAt(first));
    const found = new Map<Platform, RecordedProvenance>();
    for (const record of records) {
      for (const [platform, info] of await platformsOf(record, wanted, read)) {
        const attestation = info.Attestations.find((each) =>
          each.annotations[predicateTypeKey]?.startsWith(provenancePrefix),
        );
        if (attestation && !found.has(platform)) {
          const predicate = JSON.parse((await read(attestation.digest)).toString("utf8")) as object;
          found.set(platform, { platform, predicateType: attestation.annotations[predicateTypeKey], predicate });
        }
      }
    }
    return [...found.values()];
  });
}

function pushesTo(record: BuildRecord, repository: string, isByDigest: boolean): boolean {
  const exporters = record.Exporters.filter(({ Attrs }) => !isByDigest || Attrs["push-by-digest"] === "true");
  const names = exporters.flatMap(({ Attrs }) => Attrs.name?.split(",") ?? []);
  return names.some((name) => {
    const parsed = parsePulled(name);
    return parsed && `${parsed.registry}/${parsed.repository}` === repository;
  });
}

function completedAt({ CompletedAt }: BuildRecord): number {
  return Number(CompletedAt?.seconds ?? 0) + (CompletedAt?.nanos ?? 0) / 1e9;
}

/** Which of the wanted platforms a record is of. What was pushed is a manifest, or an index of this node's own. */
async function platformsOf(
  { Result, Results }: BuildRecord,
  wanted: PlatformDigests,
  read: (digest: string) => Promise<Buffer>,
): Promise<[Platform, ResultInfo][]> {
  const pushed = Object.values(Result?.Results ?? {});
  const digests = new Set<string>(pushed.map(({ digest }) => digest));
  for (const { digest } of pushed.filter(({ media_type }) => /image\.index|manifest\.list/.test(media_type))) {
    const { manifests } = JSON.parse((await read(digest)).toString("utf8")) as {
      manifests: { digest: string }[];
    };
    manifests.forEach((manifest) => digests.add(manifest.digest));
  }
  return Object.entries(wanted).flatMap(([platform, digest]): [Platform, ResultInfo][] => {
    const own = Object.entries(Results).find(([key]) => parsePlatform(key) === platform)?.[1] ?? Result;
    return digests.has(digest) && own ? [[platform as Platform, own]] : [];
  });
}
