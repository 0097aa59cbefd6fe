import * as os from "node:os";

import type { Room } from "./queue";

/** A job that waits, for a boot or for a node to be idle, leaves its core to another one. */
const MOST_PER_CORE = 4;
const FREE_CORES = 0.5;
/** Of what a machine in software, a build and Pulumi take. */
const BYTES_PER_JOB = 2 * 1024 ** 3;

/** One job for each core, and more while cores have nothing to do. */
export class IdleCores implements Room {
  readonly everyMilliseconds = 3_000;
  private last = sample();

  isFree(running: number): boolean {
    const cores = os.availableParallelism();
    if (running < cores) {
      return true;
    }
    if (running >= cores * MOST_PER_CORE || os.freemem() < BYTES_PER_JOB) {
      return false;
    }
    const now = sample();
    if (now.at - this.last.at < this.everyMilliseconds) {
      return false;
    }
    const free = idleCores(this.last, now);
    this.last = now;
    return free >= FREE_CORES;
  }
}

interface Sample {
  at: number;
  idleMilliseconds: number;
}

function sample(): Sample {
  // What runs at a low priority steps back for a job.
  const idle = os.cpus().map(({ times }) => times.idle + times.nice);
  return { at: Date.now(), idleMilliseconds: idle.reduce((sum, each) => sum + each, 0) };
}

export function idleCores(from: Sample, to: Sample): number {
  return (to.idleMilliseconds - from.idleMilliseconds) / (to.at - from.at);
}
