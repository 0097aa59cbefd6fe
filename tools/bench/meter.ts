import * as fs from "node:fs";
import * as path from "node:path";

/** What a command took, with all processes that it started. */
export interface Cost {
  /** Of a core: user and system. */
  cpuSeconds: number;
  /** The most memory that its processes had of their own at once. */
  memoryBytes: number;
}

const groups = "/sys/fs/cgroup";
const everyMilliseconds = 100;
const pageBytes = 4096;

/**
 * Measures commands by a control group, which knows also of processes that nobody waited for. With version 1 of control groups
 * each resource has a tree of its own.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export class Meter {
  private readonly folder: string;
  private readonly isUnified = fs.existsSync(path.join(groups, "cgroup.controllers"));

  /** @param name of the group: one of a run of tests is swept with it. */
  constructor(name: string) {
    this.folder = path.join(groups, this.isUnified ? name : `cpuacct/${name}`);
    fs.mkdirSync(this.folder, { recursive: true });
  }

  /** The command line that runs a command in the group. */
  readonly enter = (command: string[]): string[] => {
    const script = 'echo $$ > "$0" && exec "$@"';
    return ["/bin/sh", "-c", script, path.join(this.folder, "cgroup.procs"), ...command];
  };

  /** Runs what starts commands by {@link enter}, and says what they took. */
  async measure<T>(work: () => Promise<T>): Promise<{ result: T; cost: Cost }> {
    const before = this.cpuSeconds();
    let memoryBytes = 0;
    const timer = setInterval(() => (memoryBytes = Math.max(memoryBytes, this.memoryBytes())), everyMilliseconds);
    try {
      const result = await work();
      return { result, cost: { cpuSeconds: this.cpuSeconds() - before, memoryBytes } };
    } finally {
      clearInterval(timer);
    }
  }

  close(): void {
    fs.rmdirSync(this.folder);
  }

  private cpuSeconds(): number {
    if (!this.isUnified) {
      return Number(fs.readFileSync(path.join(this.folder, "cpuacct.usage"), "utf8")) / 1e9;
    }
    const stat = fs.readFileSync(path.join(this.folder, "cpu.stat"), "utf8");
    return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6;
  }

  private memoryBytes(): number {
    const pids = fs.readFileSync(path.join(this.folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
    return pids.reduce((sum, pid) => sum + ownBytes(pid), 0);
  }
}

/** Without what a process shares with others, as files are: proc_pid_statm(5). */
function ownBytes(pid: string): number {
  try {
    const [, resident, shared] = fs.readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(Number);
    return (resident - shared) * pageBytes;
  } catch {
    // It has ended.
    return 0;
  }
}
