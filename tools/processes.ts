import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, say, withProgress } from "./progress";

/** The process that a pid file names, if it lives and its command line holds `mark`: numbers are given out again. */
export function livingProcess(pidFile: string, mark: string): number | undefined {
  let pid: unknown;
  try {
    ({ pid } = JSON.parse(fs.readFileSync(pidFile, "utf8")) as { pid?: unknown });
  } catch {
    return undefined; // none, or cut off while it was written
  }
  return typeof pid === "number" && isAlive(pid) && commandLine(pid).includes(mark) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !commandLine(pid).startsWith("<zombie>");
}

/** Asks a process to end and waits until it is gone. */
export async function endProcess(pid: number, what: string, timeoutSeconds: number, log: Log = say): Promise<void> {
  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + timeoutSeconds * 1000;
  await withProgress(
    `ending ${what}, process ${pid}`,
    async () => {
      while (isAlive(pid)) {
        if (Date.now() > deadline) {
          throw new Error(
            `${what}: process ${pid} still lives ${timeoutSeconds} s after SIGTERM: end it with \`kill -9 ${pid}\`.`,
          );
        }
        await sleep(100);
      }
    },
    log,
  );
}

/** With spaces between the arguments; empty if it can't be read. */
export function commandLine(pid: number): string {
  if (process.platform === "linux") {
    try {
      const state = /^State:\s+(\w)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return state === "Z" ? "<zombie>" : fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    } catch {
      return "";
    }
  }
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

/** Who listens on this port of this machine, in words. */
export function portHolder(port: number): string {
  const pid = process.platform === "linux" ? listenerByProc(port) : listenerByLsof(port);
  return pid ? `process ${pid} (${commandLine(pid)})` : "a process of another user or container";
}

function listenerByLsof(port: number): number | undefined {
  try {
    return Number.parseInt(
      execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], { encoding: "utf8" }),
      10,
    );
  } catch {
    return undefined;
  }
}

/** https://man7.org/linux/man-pages/man5/proc_net.5.html: local address, state (0A listens) and inode. */
function listenerByProc(port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .filter((file) => fs.existsSync(file))
    .flatMap((file) => fs.readFileSync(file, "utf8").split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => openFiles(pid).some((file) => sockets.includes(file)));
}

/** What is gone by now, or not ours to see, is left out. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const orNothing = <T>(read: () => T, nothing: T): T => {
    try {
      return read();
    } catch {
      return nothing;
    }
  };
  return orNothing(() => fs.readdirSync(folder), []).map((name) =>
    orNothing(() => fs.readlinkSync(`${folder}/${name}`), ""),
  );
}
