import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Set in the environment of every process of a run, so that the sweep knows its own by it. */
export const runVariable = "MULTI_PLATFORM_IMAGE_TEST_RUN";

/**
 * Removes all that a run could have left: processes, namespaces, links, mounts, cgroups, files. Synchronous, because it
 * also runs while the process exits; every step is tried whatever became of the one before.
 */
export function sweepRun(run: { name: string; folder: string }): void {
  const own = (name: string): boolean => name === run.name || name.startsWith(`${run.name}-`);
  for (let attempt = 0; attempt < 50 && killProcesses(run.folder) > 0; attempt += 1) pause(20);
  const groups = list("/sys/fs/cgroup").flatMap((name) =>
    own(name) ? [join("/sys/fs/cgroup", name)] : groupsIn(join("/sys/fs/cgroup", name), own),
  );
  for (let attempt = 0; attempt < 50 && killGroups(groups) > 0; attempt += 1) pause(20);
  for (const namespace of list("/run/netns").filter(own)) attempt(["ip", "netns", "delete", namespace]);
  for (const link of list("/sys/class/net").filter(own)) attempt(["ip", "link", "delete", link]);
  for (const target of mountsBelow(run.folder)) attempt(["umount", "--lazy", target]);
  for (const device of loopsBelow(run.folder)) attempt(["losetup", "--detach", device]);
  for (const group of groups) removeGroups(group);
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

function groupsIn(parent: string, own: (name: string) => boolean): string[] {
  return list(parent)
    .filter(own)
    .map((name) => join(parent, name));
}

/** A container's first process is not marked as the run's: systemd starts all with an environment of its own. */
function killGroups(groups: string[]): number {
  const populated = groups.filter((group) => read(join(group, "cgroup.events")).includes("populated 1"));
  for (const group of populated) {
    try {
      writeFileSync(join(group, "cgroup.kill"), "1");
    } catch {
      // It ended by itself.
    }
  }
  return populated.length;
}

/** One that is still mounted goes with its last user. */
function loopsBelow(folder: string): string[] {
  return list("/sys/block")
    .filter((name) => read(`/sys/block/${name}/loop/backing_file`).startsWith(`${folder}/`))
    .map((name) => `/dev/${name}`);
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
  try {
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroups(join(group, entry.name));
    }
    rmdirSync(group);
  } catch {
    // Another run sweeps it, too, or a process in it is still dying; an empty group costs nothing.
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

/** Blocks this process: in handlers of signals and of its exit nothing is awaited. */
export const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
