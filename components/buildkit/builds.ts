import type * as grpc from "@grpc/grpc-js";

import { deadline, type Streaming, withClient } from "./connection";
import { controlApi } from "./protocol";

/** What a daemon says of one build. */
export interface DaemonBuild {
  isCompleted: boolean;
  /** Why it failed. */
  error?: string;
}

/** A step that has begun and not ended. */
export interface OpenStep {
  /** The same in all builds that share it: BuildKit does it once for all of them. */
  digest: string;
  name: string;
  /** What it is at: the parts that have begun and not ended, each with how far it is. */
  parts: string[];
  /** Whether it needs no other step's result: it gets something from elsewhere. */
  isSource: boolean;
}

interface Part {
  ID: string;
  vertex: string;
  name: string;
  current: string;
  completed: object | null;
}

interface Status {
  vertexes: { digest: string; inputs: string[]; name: string; started: object | null; completed: object | null }[];
  statuses: Part[];
}

interface HistoryEvent {
  record?: { CompletedAt?: object | null; error?: { message: string } | null };
}

interface Client extends grpc.Client {
  ListenBuildHistory: Streaming<{ Ref: string; EarlyExit: boolean }, HistoryEvent>;
  Status: Streaming<{ Ref: string }, Status>;
  DiskUsage: (
    request: { filter: string[] },
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, response?: { record: { Description: string }[] }) => void,
  ) => void;
}

/** Whether a build has ended in the daemon behind a unix socket; nothing where the daemon does not know it. */
export async function readBuild(
  socket: string,
  ref: string,
  timeoutMilliseconds: number,
): Promise<DaemonBuild | undefined> {
  return withClient(socket, controlApi, async (client: Client) => {
    const stream = client.ListenBuildHistory({ Ref: ref, EarlyExit: true }, deadline(timeoutMilliseconds));
    const [event] = (await stream.toArray()) as HistoryEvent[];
    const { record } = event ?? {};
    return record && { isCompleted: Boolean(record.CompletedAt), error: record.error?.message };
  });
}

/**
 * What a build that runs is at. The daemon repeats all that it has said of the build and then goes on as it goes on, so it is
 * listened to for that time.
 */
export async function readOpenSteps(socket: string, ref: string, milliseconds: number): Promise<OpenStep[]> {
  return withClient(socket, controlApi, async (client: Client) => {
    const names = new Map<string, Pick<OpenStep, "name" | "isSource">>();
    const parts = new Map<string, Part>();
    const stream = client.Status({ Ref: ref }, deadline(milliseconds));
    try {
      for await (const { vertexes, statuses } of stream as AsyncIterable<Status>) {
        for (const { digest, inputs, name, started, completed } of vertexes) {
          if (completed) {
            names.delete(digest);
          } else if (started) {
            names.set(digest, { name, isSource: inputs.length === 0 });
          }
        }
        statuses.forEach((part) => parts.set(`${part.vertex} ${part.ID}`, part));
      }
    } catch {
      // The time is over; or the build is, and the next look sees that.
    }
    return [...names].map(([digest, step]) => ({ digest, ...step, parts: openParts([...parts.values()], digest) }));
  });
}

/**
 * How many files a daemon is receiving for ADD: it makes a record of its cache for each when the server has begun to answer, and
 * does not say how far it is.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/source/http/source.go (`save`)
 */
export async function countDownloads(socket: string, timeoutMilliseconds: number): Promise<number> {
  return withClient(socket, controlApi, async (client: Client) => {
    const records = await new Promise<{ Description: string }[]>((resolve, reject) => {
      client.DiskUsage({ filter: ["mutable,inuse"] }, deadline(timeoutMilliseconds), (error, response) =>
        error ? reject(error) : resolve(response?.record ?? []),
      );
    });
    return records.filter(({ Description }) => Description.startsWith("http url ")).length;
  });
}

function openParts(parts: readonly Part[], vertex: string): string[] {
  const open = parts.filter((part) => part.vertex === vertex && !part.completed);
  return open.map(({ ID, name, current }) => `${name || ID} ${current}`);
}
