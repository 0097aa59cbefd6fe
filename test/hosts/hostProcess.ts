import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

import { runVariable } from "./sweep";
import type { TestRun } from "./testRun";

/** A daemon of a run: it dies with the process of the tests, whatever ends that. */
export interface HostProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  readonly running: boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when it has not ended in time. */
  stop(timeoutMilliseconds?: number): Promise<void>;
  kill(): Promise<void>;
  /** The last lines of what it printed. */
  log(lines?: number): string;
}

export function startProcess(
  run: TestRun,
  command: string[],
  options: { log: string; env?: NodeJS.ProcessEnv },
): HostProcess {
  const log = openSync(options.log, "a", 0o600);
  // The kernel ends the child with its parent, even when the parent is killed: see PR_SET_PDEATHSIG in prctl(2).
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command], {
    stdio: ["ignore", log, log],
    env: { ...(options.env ?? process.env), [runVariable]: run.folder },
  });
  closeSync(log);
  let running = true;
  const exited = new Promise<void>((resolve) => {
    const ended = (): void => {
      running = false;
      resolve();
    };
    child.once("exit", ended).once("error", ended);
  });
  const started: HostProcess = {
    pid: child.pid ?? -1,
    exited,
    get running() {
      return running;
    },
    signal: (signal) => void child.kill(signal),
    stop: async (timeoutMilliseconds = 10_000) => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMilliseconds);
      await exited;
      clearTimeout(timer);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    log: (lines = 20) => readFileSync(options.log, "utf8").trimEnd().split("\n").slice(-lines).join("\n"),
  };
  run.onClose(() => started.kill());
  return started;
}

/** The child that `unshare --fork` or `nsenter` waits for: signals must go to it, they are not passed on. */
export function onlyChild(pid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    // The last: one that prepared a namespace and ended is listed before it.
    return children === "" ? undefined : Number(children.split(" ").at(-1));
  } catch {
    return undefined;
  }
}
