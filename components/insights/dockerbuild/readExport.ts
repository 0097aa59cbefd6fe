import type * as grpc from "@grpc/grpc-js";

import { deadline, type Streaming, withClient } from "../../buildkit/connection";
import { type ContentClient, readBlob } from "../../buildkit/content";
import { exportApi } from "./exportProtocol";

/** A blob as BuildKit's records name it. */
export interface RecordDescriptor {
  media_type: string;
  digest: string;
  /** A number in 64 bits. */
  size: string;
  annotations: Record<string, string>;
}

export interface ResultInfo {
  Attestations: RecordDescriptor[];
  Results: Record<string, RecordDescriptor>;
}

/** The whole record of a build, under BuildKit's own names. */
export interface BuildHistoryRecord {
  Ref: string;
  FrontendAttrs: Record<string, string>;
  error?: { code: number; message: string; details: { type_url: string; value: Buffer }[] } | null;
  logs: RecordDescriptor | null;
  trace: RecordDescriptor | null;
  externalError: RecordDescriptor | null;
  Result: ResultInfo | null;
  Results: Record<string, ResultInfo>;
}

/** A build of one node, as it is exported. */
export interface ExportedBuild {
  record: BuildHistoryRecord;
  /** The node's own platform, as buildx names it. */
  defaultPlatform: string;
  /** By digest. */
  blobs: ReadonlyMap<string, Buffer>;
}

interface ExportClient extends ContentClient {
  ListenBuildHistory: Streaming<{ Ref: string; EarlyExit: boolean }, { record: BuildHistoryRecord | null }>;
  UpdateBuildHistory(
    request: { Ref: string; Finalize: boolean },
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null) => void,
  ): void;
}

/** BuildKit keeps 2 MiB of what a step prints; a build of very many such steps has no file. */
const mostBytes = 32 << 20;

/** What a daemon keeps of a build that has ended: its record, and all blobs that this names. */
export async function readExport(
  socket: string,
  ref: string,
  defaultPlatform: string,
  timeoutMilliseconds: number,
): Promise<ExportedBuild> {
  const options = deadline(timeoutMilliseconds);
  return withClient(socket, exportApi, async (client: ExportClient) => {
    // The trace is written three seconds after a build, or when it is asked for:
    // https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/history.go
    await new Promise<void>((resolve, reject) => {
      client.UpdateBuildHistory({ Ref: ref, Finalize: true }, options, (error) => (error ? reject(error) : resolve()));
    });
    const events = await client.ListenBuildHistory({ Ref: ref, EarlyExit: true }, options).toArray();
    const [record] = (events as { record: BuildHistoryRecord | null }[]).flatMap((event) => event.record ?? []);
    if (!record) {
      throw new Error("the build's record is gone");
    }
    const wanted = [...new Map(descriptorsOf(record).map((each) => [each.digest, each])).values()];
    const bytes = wanted.reduce((sum, { size }) => sum + Number(size), 0);
    if (bytes > mostBytes) {
      throw new Error(`it has ${bytes} bytes, and ${mostBytes} are allowed`);
    }
    const read = wanted.map(async ({ digest }) => [digest, await readBlob(client, digest, options)] as const);
    return { record, defaultPlatform, blobs: new Map(await Promise.all(read)) };
  });
}

/** All blobs of a record, in the order in which buildx exports them: the trace, the log, results, what went wrong. */
export function descriptorsOf({ trace, logs, Result, externalError, Results }: BuildHistoryRecord): RecordDescriptor[] {
  const all = [trace, logs, ...blobsOf(Result), externalError, ...Object.values(Results).flatMap(blobsOf)];
  return all.flatMap((each) => each ?? []);
}

function blobsOf(result: ResultInfo | null): RecordDescriptor[] {
  return result ? [...result.Attestations, ...Object.values(result.Results)] : [];
}
