import { randomUUID } from "node:crypto";
import type * as grpc from "@grpc/grpc-js";

import { formatPlatform } from "../support/platforms";
import { deadline, type Streaming, withClient } from "./connection";
import { controlApi } from "./protocol";
import { type Definition, fileOf } from "./solve";

/** What a daemon says of itself. */
export interface DaemonInfo {
  /** BuildKit's version: `v0.33.1`. */
  version: string;
  /** The platforms that its workers list, the machine's own first, emulated ones included. */
  platforms: string[];
}

interface WorkerRecord {
  platforms: { Architecture: string; OS: string; Variant: string }[];
  BuildkitVersion?: { version: string };
}

type ListWorkers = (
  request: object,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, response?: { record: WorkerRecord[] }) => void,
) => void;

interface HistoryRecord {
  Ref: string;
  error?: { message: string };
  CompletedAt?: { seconds: string };
}

type Solve = (
  request: { Ref: string; Definition: Definition; Internal: boolean },
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null) => void,
) => void;

interface PruneRequest {
  all: boolean;
  minFreeSpace?: number;
  maxUsedSpace?: number;
}

interface ControlClient extends grpc.Client {
  Solve: Solve;
  ListWorkers: ListWorkers;
  ListenBuildHistory: Streaming<{ ActiveOnly: boolean; EarlyExit: boolean }, { record?: HistoryRecord }>;
  Prune: Streaming<PruneRequest, { Size: string }>;
  Status: Streaming<{ Ref: string }, { logs: { msg: Buffer }[] }>;
}

/** Asks the daemon behind a unix socket for its version and platforms. */
export async function readDaemonInfo(socket: string, timeoutMilliseconds: number): Promise<DaemonInfo> {
  return withControl(socket, async (control) => {
    const records = await new Promise<WorkerRecord[]>((resolve, reject) => {
      control.ListWorkers({}, deadline(timeoutMilliseconds), (error, response) =>
        error ? reject(error) : resolve(response?.record ?? []),
      );
    });
    return {
      version: records[0]?.BuildkitVersion?.version ?? "",
      platforms: [...new Set(records.flatMap((record) => record.platforms.map(platformText)))],
    };
  });
}

/** How many builds run in the daemon behind a unix socket at this moment. */
export async function countActiveBuilds(socket: string, timeoutMilliseconds: number): Promise<number> {
  return withControl(socket, async (control) => {
    const stream = control.ListenBuildHistory({ ActiveOnly: true, EarlyExit: true }, deadline(timeoutMilliseconds));
    return (await stream.toArray()).length;
  });
}

/** Keeps a connection to the daemon behind a unix socket, for nodes that stay awake while they have one. Ends when it breaks. */
export async function keepConnection(socket: string, milliseconds: number, signal: AbortSignal): Promise<void> {
  await withControl(socket, async (control) => {
    // Events of builds, which this one waits for.
    const stream = control.ListenBuildHistory({ ActiveOnly: true, EarlyExit: false }, deadline(milliseconds));
    const cancel = () => stream.cancel();
    signal.addEventListener("abort", cancel);
    try {
      for await (const event of stream) {
        void event;
      }
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  });
}

/**
 * Removes cache that no build uses: all of it, or what was not used for longest, until so much of the disk is free. Says how
 * many bytes that freed.
 */
export async function prune(socket: string, timeoutMilliseconds: number, untilFreeBytes?: number): Promise<number> {
  // With `minFreeSpace` alone BuildKit removes a record also where so much is free: it is to keep as much as there is, and
  // begins unless there is less. Of two limits it takes the one that asks for more room.
  // https://github.com/moby/buildkit/blob/v0.33.1/cache/manager.go (`calculateKeepBytes`, `pruneOnce`)
  const limits = untilFreeBytes && { minFreeSpace: untilFreeBytes, maxUsedSpace: Number.MAX_SAFE_INTEGER };
  return withControl(socket, async (control) => {
    const stream = control.Prune({ all: true, ...limits }, deadline(timeoutMilliseconds));
    const removed = (await stream.toArray()) as { Size: string }[];
    return removed.reduce((sum, { Size }) => sum + Number(Size), 0);
  });
}

/**
 * What the steps of a build said that failed in the daemon, as far as the daemon remembers: the newest one whose failure
 * is part of the client's error.
 */
export async function readFailedLog(socket: string, error: string, timeoutMilliseconds: number): Promise<string> {
  return withControl(socket, async (control) => {
    const options = deadline(timeoutMilliseconds);
    const stream = control.ListenBuildHistory({ ActiveOnly: false, EarlyExit: true }, options);
    const events = (await stream.toArray()) as { record?: HistoryRecord }[];
    const completedAt = (record: HistoryRecord) => Number(record.CompletedAt?.seconds ?? 0);
    const [newest] = events
      .flatMap(({ record }) => (record?.error?.message && error.includes(record.error.message) ? [record] : []))
      .sort((first, second) => completedAt(second) - completedAt(first));
    if (!newest) {
      return "";
    }
    const parts = (await control.Status({ Ref: newest.Ref }, options).toArray()) as { logs: { msg: Buffer }[] }[];
    return Buffer.concat(parts.flatMap(({ logs }) => logs.map(({ msg }) => msg))).toString();
  });
}

/**
 * Has the daemon behind a unix socket write a file among its cache, and leaves no trace in its history.
 * @throws what the daemon says when it can't.
 */
export async function writeFile(socket: string, bytes: number, timeoutMilliseconds: number): Promise<void> {
  return withControl(socket, (control) => {
    const request = { Ref: randomUUID(), Definition: fileOf(bytes), Internal: true };
    return new Promise<void>((resolve, reject) => {
      control.Solve(request, deadline(timeoutMilliseconds), (error) => (error ? reject(error) : resolve()));
    });
  });
}

function withControl<T>(socket: string, use: (control: ControlClient) => Promise<T>): Promise<T> {
  return withClient(socket, controlApi, use);
}

function platformText(platform: { Architecture: string; OS: string; Variant: string }): string {
  return formatPlatform({ os: platform.OS, architecture: platform.Architecture, variant: platform.Variant });
}
