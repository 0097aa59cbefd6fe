import * as fs from "node:fs";

import { commandLine } from "../../components/local/processes";

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
