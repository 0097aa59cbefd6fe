import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { commandLine } from "../processes";

/**
 * A process that was asked to end a moment ago may take one: the watcher of a local node looks once a second whether its
 * folder is still there, then ends its daemon first. On a busy machine that takes more than three seconds.
 */
const GRACE_MILLISECONDS = 10_000;

/**
 * What a file of tests has left behind: processes that were started with its temporary folder, which this ends, and what
 * lies in that folder, which this removes.
 */
export async function takeLeftovers(folder: string): Promise<string[]> {
  const processes = await survivors(folder);
  for (const { pid } of processes) {
    end(pid);
  }
  const entries = fs.readdirSync(folder).filter((name) => !isKept(name));
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return [
    ...processes.map(({ pid, command }) => `process ${pid}: ${command.slice(0, 200)}`),
    ...entries.map((name) => path.join(folder, name)),
  ];
}

/**
 * The library keeps the sockets of its builders from one update to the next, and Node's programs what they compiled. The
 * docker-build provider ends with an update's last resource, and leaves what buildx and BuildKit in it would remove later:
 * https://github.com/docker/buildx/blob/v0.34.1/build/opt.go, https://github.com/moby/buildkit/blob/v0.33.1/session/sshforward/ssh.go
 * Pulumi's Automation API leaves the folder that it makes for a program without one (`LocalWorkspace` in
 * https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/automation/localWorkspace.ts), and its host of Go the one in which it
 * compiles a program (https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/pulumi-language-go/main.go). Pulumi leaves the archive
 * of a plugin that it takes from a Git repository (`package add`, seen with v3.259.0). Its kubernetes provider leaves the kubeconfig that
 * it is given (`writeKubeconfigToFile` in https://github.com/pulumi/pulumi-kubernetes/blob/f47bc2d6f199/provider/pkg/provider/util.go).
 */
const kept = [
  new RegExp(`^mpi-${process.getuid?.() ?? ""}$`),
  ...[
    /^v8-compile-cache-/,
    /^dockerfile\d+$/,
    /^\.buildkit-ssh-sock\d+$/,
    /^automation-\w+$/,
    /^pulumi-go-\d+$/,
    /^pulumi-plugin-tar\d+$/,
    /^kubeconfig\d+$/,
  ],
];

const isKept = (name: string): boolean => kept.some((pattern) => pattern.test(name));

/** Ends all processes that were started with this temporary folder. */
export function endProcessesOf(folder: string): void {
  processesWith(`TMPDIR=${folder}`).forEach(({ pid }) => end(pid));
}

interface Survivor {
  pid: number;
  command: string;
}

async function survivors(folder: string): Promise<Survivor[]> {
  const deadline = Date.now() + GRACE_MILLISECONDS;
  for (;;) {
    const found = processesWith(`TMPDIR=${folder}`);
    if (found.length === 0 || Date.now() > deadline) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function processesWith(variable: string): Survivor[] {
  if (os.platform() !== "linux") {
    return [];
  }
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(variable))
    .map((pid) => ({ pid: Number(pid), command: commandLine(Number(pid)) }))
    .filter(({ command }) => command !== "" && command !== "<zombie>");
}

function environmentOf(pid: string): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
