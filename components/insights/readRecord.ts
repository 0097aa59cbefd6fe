import type * as grpc from "@grpc/grpc-js";

import { deadline, type Streaming, withClient } from "../buildkit/connection";
import { recordApi } from "./recordProtocol";

/** A time of a node's own clock, in milliseconds. Only differences of them mean something here. */
type NodeTime = number;

/** A step as BuildKit replays it, under BuildKit's own names. */
export interface RecordedStep {
  digest: string;
  inputs: readonly string[];
  name: string;
  cached: boolean;
  started?: NodeTime;
  completed?: NodeTime;
  error?: string;
  /** What it printed last. */
  log: string;
}

/** A part of a step that BuildKit counts: bytes that are sent, layers that are pushed. */
export interface RecordedPart {
  step: string;
  id: string;
  bytes: number;
  started?: NodeTime;
  completed?: NodeTime;
}

/** All that a report takes from a node of one build. */
export interface NodeRecord {
  ref: string;
  /** What the Dockerfile's frontend was given: platform, target, arguments with their values. */
  attributes: Readonly<Record<string, string>>;
  /** The names of images that it was to write. */
  exportedNames: readonly string[];
  created: NodeTime;
  completed: NodeTime;
  error?: string;
  steps: readonly RecordedStep[];
  parts: readonly RecordedPart[];
  warnings: readonly { message: string; line?: number }[];
}

/** What a node says of builds. */
export interface NodeRecords {
  /** Of the daemon's cache: another one when a node was replaced. */
  cacheId: string;
  records: readonly NodeRecord[];
}

interface Timestamp {
  seconds: string;
  nanos: number;
}

interface RawRecord {
  Ref: string;
  FrontendAttrs: Record<string, string>;
  Exporters: { Attrs: Record<string, string> }[];
  error: { message: string } | null;
  CreatedAt: Timestamp | null;
  CompletedAt: Timestamp | null;
}

interface RawStatus {
  vertexes: (Omit<RecordedStep, "started" | "completed"> & {
    started: Timestamp | null;
    completed: Timestamp | null;
  })[];
  statuses: { ID: string; vertex: string; current: string; started: Timestamp | null; completed: Timestamp | null }[];
  logs: { vertex: string; msg: Buffer }[];
  warnings: { short: Buffer; ranges: { start: { line: number } | null }[] }[];
}

interface RecordClient extends grpc.Client {
  ListWorkers(
    request: object,
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, response?: { record: { ID: string }[] }) => void,
  ): void;
  ListenBuildHistory: Streaming<{ Ref: string; EarlyExit: boolean }, { record: RawRecord | null }>;
  Status: Streaming<{ Ref: string }, RawStatus>;
}

const logCharacters = 4_000;

/**
 * What the daemon behind a unix socket recorded of these builds. One that it does not know, or that has not ended, is left out.
 *
 * @param isWanted asked before the steps of a build are read.
 */
export async function readRecords(
  socket: string,
  refs: readonly string[],
  isWanted: (record: Pick<NodeRecord, "ref" | "attributes" | "exportedNames">) => boolean,
  timeoutMilliseconds: number,
): Promise<NodeRecords> {
  const options = deadline(timeoutMilliseconds);
  return withClient(socket, recordApi, async (client: RecordClient) => {
    const workers = new Promise<string>((resolve, reject) => {
      client.ListWorkers({}, options, (error, response) =>
        error ? reject(error) : resolve(response?.record[0]?.ID ?? ""),
      );
    });
    const records = refs.map(async (ref) => {
      const events = await client.ListenBuildHistory({ Ref: ref, EarlyExit: true }, options).toArray();
      const [raw] = (events as { record: RawRecord | null }[]).flatMap(({ record }) => record ?? []);
      if (!raw?.CompletedAt || !isWanted({ ref, attributes: raw.FrontendAttrs, exportedNames: namesOf(raw) })) {
        return [];
      }
      return [recordOf(raw, (await client.Status({ Ref: ref }, options).toArray()) as RawStatus[])];
    });
    const [cacheId, found] = await Promise.all([workers, Promise.all(records)]);
    return { cacheId, records: found.flat() };
  });
}

function recordOf(raw: RawRecord, statuses: readonly RawStatus[]): NodeRecord {
  const logs = new Map<string, string>();
  for (const { vertex, msg } of statuses.flatMap((each) => each.logs)) {
    logs.set(vertex, ((logs.get(vertex) ?? "") + msg.toString()).slice(-2 * logCharacters));
  }
  // BuildKit repeats a step each time that something of it changes; a later word adds to the one before.
  const steps = new Map<string, RecordedStep>();
  for (const { started, completed, error, ...step } of statuses.flatMap((each) => each.vertexes)) {
    const known = steps.get(step.digest);
    steps.set(step.digest, {
      digest: step.digest,
      inputs: step.inputs,
      name: step.name,
      cached: step.cached || (known?.cached ?? false),
      started: known?.started ?? timeOf(started),
      completed: timeOf(completed) ?? known?.completed,
      error: error || known?.error,
      log: lastLines(logs.get(step.digest) ?? ""),
    });
  }
  const parts = new Map<string, RecordedPart>();
  for (const { ID: id, vertex: step, current, started, completed } of statuses.flatMap((each) => each.statuses)) {
    const times = { started: timeOf(started), completed: timeOf(completed) };
    parts.set(`${step} ${id}`, { step, id, bytes: Number(current), ...times });
  }
  const created = timeOf(raw.CreatedAt) ?? 0;
  return {
    ref: raw.Ref,
    attributes: raw.FrontendAttrs,
    exportedNames: namesOf(raw),
    created,
    completed: timeOf(raw.CompletedAt) ?? created,
    ...(raw.error?.message && { error: raw.error.message }),
    steps: [...steps.values()],
    parts: [...parts.values()],
    warnings: statuses
      .flatMap((each) => each.warnings)
      .map(({ short, ranges }) => ({ message: short.toString(), line: ranges[0]?.start?.line || undefined })),
  };
}

/** The end of what a step printed, from the first whole line on: of a part of a secret nobody knows that it is to be hidden. */
export function lastLines(log: string): string {
  if (log.length <= logCharacters) {
    return log;
  }
  const end = log.slice(-logCharacters - 1);
  const begin = end.search(/[\r\n]/);
  return begin < 0 ? "" : end.slice(begin + 1);
}

function namesOf({ Exporters }: RawRecord): string[] {
  return Exporters.flatMap(({ Attrs }) => Attrs.name?.split(",") ?? []);
}

function timeOf(time: Timestamp | null): NodeTime | undefined {
  return time ? Number(time.seconds) * 1_000 + time.nanos / 1e6 : undefined;
}
