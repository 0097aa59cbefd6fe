import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { pause } from "../../test/hosts/sweep";
import { sweepDeadRuns } from "../../test/hosts/testRun";
import { say } from "../progress";
import { isAlive } from "../processes";
import { endProcessesOf } from "./leftovers";

const INTERRUPTED = 130;
const ATTEMPTS = 250;
const PAUSE_MILLISECONDS = 20;
const running = new Set<ChildProcess>();

/** Notes a process, for as long as it runs, that a run which is interrupted takes along. */
export function noteProcess(child: ChildProcess): void {
  running.add(child);
  child.once("close", () => running.delete(child));
}

/**
 * From now on Ctrl-C, and what else asks the run to end, ends all that its files have started, and removes what they made.
 * @returns what takes that back
 */
export function takeAlongWhenInterrupted(folder: string): () => void {
  const end = (signal: NodeJS.Signals): void => {
    say(`# ${signal}: the run ends, and what it has started`);
    running.forEach((child) => child.kill("SIGKILL"));
    // Of one that still runs nothing is swept.
    for (let attempt = 0; attempt < ATTEMPTS && [...running].some(isRunning); attempt += 1) pause(PAUSE_MILLISECONDS);
    for (const name of fs.readdirSync(folder)) {
      endProcessesOf(path.join(folder, name, "tmp"));
    }
    sweepDeadRuns();
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.exit(INTERRUPTED);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  signals.forEach((signal) => process.once(signal, end));
  return () => signals.forEach((signal) => process.off(signal, end));
}

const isRunning = ({ pid }: ChildProcess): boolean => pid !== undefined && isAlive(pid);
