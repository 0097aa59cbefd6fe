import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const provider = "pulumi-resource-docker-build";
const endMilliseconds = 5_000;

interface Process {
  pid: number;
  parent: number;
  /** The file that it runs. */
  program: string;
  /** What it was started with. */
  words: readonly string[];
}

/**
 * The processes that build for the update that this program is part of. Pulumi's engine starts them with its own address, which
 * it gives to this program, too: https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/resource/plugin/provider_plugin.go.
 * Where none was started so, they are its children: it is an ancestor of a program's process, or, of an inline program of the
 * Automation API, its child. Where several engines may be meant, none is; nor is a provider that a developer has attached
 * (`PULUMI_DEBUG_PROVIDERS`): the engine did not start it.
 */
export function providerProcesses(processes = listProcesses(), own = process.pid, engineAddress?: string): number[] {
  const parentOf = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const providers = processes.filter(({ program }) => path.basename(program).startsWith(provider));
  const named = providers.filter(({ words }) => engineAddress !== undefined && words.includes(engineAddress));
  if (named.length > 0) {
    return named.map((each) => each.pid);
  }
  for (let pid: number | undefined = own; pid !== undefined && pid > 1; pid = parentOf.get(pid)) {
    const children = providers.filter(({ parent }) => parent === pid);
    if (children.length > 0) {
      return children.map((each) => each.pid);
    }
  }
  const started = providers.filter(({ parent }) => parentOf.get(parent) === own);
  return new Set(started.map(({ parent }) => parent)).size === 1 ? started.map((each) => each.pid) : [];
}

/** Ends the provider, so that the engine sees its builds fail. Says whether there was one to end. */
export async function endProvider(engineAddress?: string): Promise<boolean> {
  const pids = providerProcesses(undefined, undefined, engineAddress);
  pids.forEach((pid) => signal(pid, "SIGTERM"));
  if (pids.length > 0) {
    await sleep(endMilliseconds, undefined, { ref: false });
  }
  // Those that are still the same.
  const left = providerProcesses(undefined, undefined, engineAddress);
  pids.filter((pid) => left.includes(pid)).forEach((pid) => signal(pid, "SIGKILL"));
  return pids.length > 0;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

function listProcesses(): Process[] {
  return process.platform === "linux" ? readProc() : readPs();
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function readProc(): Process[] {
  return fs.readdirSync("/proc").flatMap((entry) => {
    try {
      const [, pid, parent] = /^(\d+) \(.*\) \S (\d+)/s.exec(fs.readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      const [program, ...words] = fs.readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      return pid ? [{ pid: Number(pid), parent: Number(parent), program, words }] : [];
    } catch {
      // No process, or one that has ended meanwhile.
      return [];
    }
  });
}

function readPs(): Process[] {
  const options = { encoding: "utf8", timeout: 5_000, maxBuffer: 64 << 20 } as const;
  return parsePs(execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,command="], options));
}

/** What `ps` says of all processes. A program's path may have blanks in it, and nothing separates its words from it. */
export function parsePs(table: string): Process[] {
  return [...table.matchAll(/^ *(\d+) +(\d+) +(.*)$/gm)].map(([, pid, parent, command]) => {
    const at = command.indexOf(` `, Math.max(0, command.indexOf(`/${provider}`)));
    const [program, rest] = at < 0 ? [command, ""] : [command.slice(0, at), command.slice(at + 1)];
    return { pid: Number(pid), parent: Number(parent), program, words: rest.split(" ") };
  });
}
