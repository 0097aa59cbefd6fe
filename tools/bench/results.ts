import * as fs from "node:fs";
import * as os from "node:os";

import { rows } from "./rows";
import type { SideName } from "./sides";
import type { Spread } from "./statistics";

/** What figures hold for. */
export interface Circumstances {
  date: string;
  machine: string;
  /** Processes that wanted a core, on average, while the row was measured: those of the benchmark, and others. */
  load: number;
}

/** The figures of one side of a row. */
export interface SideResult {
  seconds: Spread;
  cpuSeconds: Spread;
  memoryMegabytes: Spread;
  sentBytes: Spread;
  afterWakeSeconds?: Spread;
  oursAfterWakeSeconds?: Spread;
  /** Calls of the program to Pulumi's engine, by their names. */
  calls?: Record<string, number>;
}

export interface RowResult extends Circumstances {
  name: string;
  title: string;
  goal?: number;
  pairs: number;
  sides: Partial<Record<SideName, SideResult>>;
  /** The first side by the second, pair by pair. */
  ratios: { seconds: Spread; cpuSeconds: Spread; memory: Spread };
}

export function circumstances(loads: readonly number[]): Circumstances {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / (1 << 30));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus.length} cores (${cpus[0]?.model ?? "unknown"}), ${memory} GB, Linux ${os.release()}, Node ${process.versions.node}`,
    load: loads.reduce((sum, each) => sum + each, 0) / Math.max(1, loads.length),
  };
}

/** What an earlier run has left; of a file of another shape, nothing. */
export function readResults(file: string): RowResult[] {
  if (!fs.existsSync(file)) {
    return [];
  }
  const { results = [] } = JSON.parse(fs.readFileSync(file, "utf8")) as { results?: RowResult[] };
  return results.filter(({ date, machine }) => date !== undefined && machine !== undefined);
}

/** Rows that were not run this time keep the result of their last run, as long as they are rows. */
export function mergeResults(before: readonly RowResult[], now: readonly RowResult[]): RowResult[] {
  const known = new Map([...before, ...now].map((result) => [result.name, result]));
  return Object.keys(rows).flatMap((name) => known.get(name) ?? []);
}
