import * as fs from "node:fs";

/**
 * The command line of a process: empty for one that has ended, also while it stays as a zombie because nobody collects
 * it, which is for ever in some containers. By its words a reused process id is distinguished from the first.
 */
export function commandLine(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
