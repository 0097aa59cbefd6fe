import * as fs from "node:fs";

const TICKS_PER_SECOND = 100;

/** Seconds of a core that this process took, with all below it that have ended: proc_pid_stat(5), fields 14 to 17. */
export function cpuSeconds(): number {
  const fields = fs
    .readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks) / TICKS_PER_SECOND, 0);
}
