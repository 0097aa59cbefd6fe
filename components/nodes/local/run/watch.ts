/**
 * A process of its own beside each local node: runs the daemon, ends it when it is idle, and outlives `pulumi up`,
 * which may be killed at any moment. Arguments: the node's folder, its socket folder, the path of buildkitd.
 */
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as lockfile from "proper-lockfile";

import { countActiveBuilds } from "../../../buildkit/client";
import { writeFileAtomically } from "../../../support/paths";
import { reasonToEnd } from "./ending";
import { commandLine } from "./processes";
import { localNodeFiles, type LocalNodeFiles } from "./daemonFiles";

const pollMilliseconds = 2_000;
const answerTimeoutMilliseconds = 5_000;
// A daemon that was asked to end lets its builds finish first, which one that waits for a silent server never does.
const endTimeoutMilliseconds = 30_000;

// The lock of a watcher that was killed is free after 5 s; one that lives renews it.
const patience = { stale: 5_000, update: 1_000, retries: { retries: 16, minTimeout: 500, maxTimeout: 500 } };

async function main([directory, socketDirectory, buildkitd]: string[]): Promise<void> {
  const files = localNodeFiles(directory, socketDirectory);
  const running: { daemon?: Daemon } = {};
  const end = () => running.daemon?.end();
  // "Compromised": somebody removed the node's folder. Nothing is left then to watch over.
  const options = { lockfilePath: files.lock, ...patience, onCompromised: end };
  const release = await lockfile.lock(directory, options).catch(() => undefined);
  if (!release) {
    return;
  }
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.once(signal, end);
  }
  const daemon = new Daemon(files, buildkitd);
  running.daemon = daemon;
  writeFileAtomically(files.pid, JSON.stringify({ pid: process.pid, daemonPid: daemon.pid }));
  try {
    await watch(files, daemon);
  } finally {
    await daemon.ended();
    for (const file of [files.pid, files.socket, files.telemetrySocket]) {
      fs.rmSync(file, { force: true });
    }
    await release().catch(() => undefined);
  }
}

async function watch(files: LocalNodeFiles, daemon: Daemon): Promise<void> {
  let lastActive = Date.now();
  // A laptop's sleep is no silence: this clock stands still then.
  let lastAnswer = performance.now();
  while (daemon.isAlive() && !daemon.isAskedToEnd()) {
    await sleep(pollMilliseconds);
    const active = await countActiveBuilds(files.socket, answerTimeoutMilliseconds).catch(() => undefined);
    const lease = readLease(files.lease);
    // Only a daemon that says "no build" may be idle.
    lastActive = Math.max(lastActive, lease.since, active === 0 ? 0 : Date.now());
    lastAnswer = active === undefined ? lastAnswer : performance.now();
    const since = {
      activityMilliseconds: Date.now() - lastActive,
      answerMilliseconds: performance.now() - lastAnswer,
    };
    const reason = reasonToEnd(since, lease.idleTimeoutMinutes);
    if (reason) {
      console.error(`the daemon ends: it is ${reason}`);
      daemon.end();
      return;
    }
  }
}

function readLease(file: string): { since: number; idleTimeoutMinutes: number | null } {
  try {
    const { idleTimeoutMinutes } = JSON.parse(fs.readFileSync(file, "utf8")) as { idleTimeoutMinutes: number | null };
    return { since: fs.statSync(file).mtimeMs, idleTimeoutMinutes };
  } catch {
    return { since: 0, idleTimeoutMinutes: 0 };
  }
}

/** The daemon, as our child or, where an earlier watcher was killed, as the orphan that it left. */
class Daemon {
  readonly pid: number;
  private readonly child?: ChildProcess;
  private readonly config: string;
  private deadline = Infinity;

  constructor(files: LocalNodeFiles, buildkitd: string) {
    this.config = files.config;
    const orphan = findOrphan(files);
    if (orphan) {
      this.pid = orphan;
      return;
    }
    this.child = spawn(buildkitd, ["--config", files.config], { stdio: ["ignore", "inherit", "inherit"] });
    this.child.once("error", (error) => console.error(`${buildkitd}: ${error.message}`));
    this.pid = this.child.pid ?? 0;
  }

  isAlive(): boolean {
    return this.child
      ? this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null
      : commandLine(this.pid).includes(this.config);
  }

  isAskedToEnd(): boolean {
    return this.deadline !== Infinity;
  }

  end(): void {
    this.setDeadline();
    if (this.isAlive()) {
      process.kill(this.pid, "SIGTERM");
    }
  }

  /** The first one holds. */
  private setDeadline(): void {
    this.deadline = Math.min(this.deadline, Date.now() + endTimeoutMilliseconds);
  }

  async ended(): Promise<void> {
    this.setDeadline();
    while (this.isAlive()) {
      if (Date.now() > this.deadline) {
        process.kill(this.pid, "SIGKILL");
      }
      await sleep(50);
    }
  }
}

function findOrphan(files: LocalNodeFiles): number | undefined {
  try {
    const { daemonPid } = JSON.parse(fs.readFileSync(files.pid, "utf8")) as { daemonPid: number };
    return commandLine(daemonPid).includes(files.config) ? daemonPid : undefined;
  } catch {
    return undefined;
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
