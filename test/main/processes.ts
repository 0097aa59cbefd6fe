import * as fs from "node:fs";
import * as path from "node:path";

import { commandLine } from "../../components/nodes/local/run/processes";
import { type Stack, type StartedCommand, waitFor } from "./stack";

/** The command lines of all processes of this machine. */
export function commandLines(): string[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(Number(pid)));
}

/** As a machine that crashes: it takes all processes of a command along, in whatever group they are. */
export async function crash({ child, done }: StartedCommand): Promise<void> {
  // Twice: what stands still starts no other.
  for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
    [child.pid!, ...descendants(child.pid!)].forEach((pid) => signalTo(pid, signal));
  }
  await done;
}

/** Kills the program of a command of Pulumi, with its hooks; engine and plugins go on. */
export async function killProgram({ child }: StartedCommand): Promise<void> {
  const programs = descendants(child.pid!).filter((pid) => /@pulumi\/pulumi\/cmd\/run(\/|\s|$)/.test(commandLine(pid)));
  programs.forEach((pid) => signalTo(pid, "SIGKILL"));
  await waitFor("the end of the program", () => programs.every((pid) => !isRunning(pid)));
}

/**
 * Kills Pulumi's engine alone, as a machine short of memory does: what it has started goes on.
 * @returns a function that ends what still runs: docker-build's provider does not end with its engine.
 */
export async function killEngine({ child, done }: StartedCommand): Promise<() => void> {
  const all = [child.pid!, ...descendants(child.pid!)];
  const engines = all.filter((pid) => /(^|\/)pulumi\s/.test(commandLine(pid)));
  engines.forEach((pid) => signalTo(pid, "SIGKILL"));
  await done;
  return () => all.filter(isRunning).forEach((pid) => signalTo(pid, "SIGKILL"));
}

/** The processes of a command's plugin for other languages. */
export function pluginsOf({ child }: StartedCommand): number[] {
  return descendants(child.pid!).filter((pid) => /pulumi-resource-multi-platform-image/.test(commandLine(pid)));
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function descendants(pid: number): number[] {
  if (!fs.existsSync(`/proc/${pid}/task`)) {
    return [];
  }
  const children = fs
    .readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" "))
    .filter((text) => text !== "")
    .map(Number);
  return [...children, ...children.flatMap(descendants)];
}

export function isRunning(pid: number): boolean {
  return commandLine(pid) !== "";
}

/** The local nodes that a stack's user has, each with the process that watches it. */
export function localDaemons(stack: Pick<Stack, "home"> | undefined): { pid: number; daemonPid: number }[] {
  const nodes = path.join(stack?.home ?? "", ".cache/multi-platform-image/nodes");
  const folders = stack && fs.existsSync(nodes) ? fs.readdirSync(nodes) : [];
  return folders
    .map((folder) => path.join(nodes, folder, "pid"))
    .filter((file) => fs.existsSync(file))
    .map((file) => JSON.parse(fs.readFileSync(file, "utf8")) as { pid: number; daemonPid: number });
}

/** Ends the daemons of local nodes, and waits until they are gone. */
export async function endLocalDaemons(stack: Pick<Stack, "home"> | undefined): Promise<void> {
  for (const { pid, daemonPid } of localDaemons(stack)) {
    process.kill(pid, "SIGTERM");
    await waitFor(`the end of ${daemonPid}`, () => !fs.existsSync(`/proc/${daemonPid}/fd`), 40);
  }
}
