import * as fs from "node:fs";
import * as path from "node:path";

import { commandLine } from "../../components/local/processes";
import { type Stack, waitFor } from "./stack";

/** The command lines of all processes of this machine. */
export function commandLines(): string[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(Number(pid)));
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
