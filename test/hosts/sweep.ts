import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Set in the environment of every process of a run, so that the sweep knows its own by it. */
export const runVariable = "MULTI_PLATFORM_IMAGE_TEST_RUN";

/**
 * Removes all that a run could have left: processes, namespaces, links, mounts, cgroups, files. Synchronous, because it
 * also runs while the process exits; every step is tried whatever became of the one before.
 */
export function sweepRun(run: { name: string; folder: string }): void {
  for (let attempt = 0; attempt < 50 && killProcesses(run.folder) > 0; attempt += 1) pause(20);
  const own = (name: string): boolean => name === run.name || name.startsWith(`${run.name}-`);
  for (const namespace of list("/run/netns").filter(own)) attempt(["ip", "netns", "delete", namespace]);
  for (const link of list("/sys/class/net").filter(own)) attempt(["ip", "link", "delete", link]);
  for (const target of mountsBelow(run.folder)) attempt(["umount", "--lazy", target]);
  for (const controller of list("/sys/fs/cgroup")) {
    for (const group of list(join("/sys/fs/cgroup", controller)).filter(own)) {
      removeGroups(join("/sys/fs/cgroup", controller, group));
    }
    if (own(controller)) removeGroups(join("/sys/fs/cgroup", controller));
  }
  rmSync(run.folder, { recursive: true, force: true, maxRetries: 3 });
}

function killProcesses(folder: string): number {
  const mark = `${runVariable}=${folder}`;
  const found = list("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(mark));
  for (const pid of found) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  return found.length;
}

/** Deepest first. */
function mountsBelow(folder: string): string[] {
  return read("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((target) => target.startsWith(`${folder}/`))
    .reverse();
}

function removeGroups(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroups(join(group, entry.name));
  }
  try {
    rmdirSync(group);
  } catch {
    // A process in it is still dying; an empty group costs nothing, and its name is the run's own.
  }
}

function list(folder: string): string[] {
  try {
    return existsSync(folder) ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function attempt(command: string[]): void {
  try {
    execFileSync(command[0], command.slice(1), { stdio: "ignore" });
  } catch {
    // Already gone.
  }
}

const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
