import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { Progress } from "../../../support/progress";
import { readDaemonInfo } from "../../../buildkit/client";
import type { BuildkitdSettings } from "../../../buildkit/toml";
import { BuildError } from "../../../support/errors";
import { makeCacheFolder } from "../../../support/ownFolders";
import { moduleFile } from "../../../support/packageFiles";
import { cacheDirectory, findOnPath, writeFileAtomically } from "../../../support/paths";
import type { Platform } from "../../../support/platforms";
import { socketDirectory } from "../../../support/socketFolders";
import { type Engine, findEngine } from "../../../transport/dockerEngine";
import { commandLine } from "./processes";
import { buildkitdConfig, daemonEnvironment, localNodeFiles, type LocalNodeFiles, localNodeName } from "./daemonFiles";
import { describeStepNetwork, stepNetworkOf, stepNetworkPrograms } from "./stepNetwork";

const startTimeoutMilliseconds = 30_000;
const mostLogBytes = 1 << 20;

/** Why this machine can't run a daemon of its own, or the path of its buildkitd. */
export function findBuildkitd(): { path: string } | { problem: string } {
  if (os.platform() !== "linux") {
    return { problem: `${os.platform()} can't run buildkitd, which needs Linux` };
  }
  if (process.getuid?.() !== 0) {
    return { problem: "buildkitd needs root here, and this user is not" };
  }
  const found = findOnPath("buildkitd");
  if (!found) {
    return { problem: "buildkitd is not on PATH" };
  }
  if (!findOnPath("buildkit-runc") && !findOnPath("runc")) {
    return { problem: "runc is not on PATH" };
  }
  return { path: found };
}

/** What to do on a machine that can't run a daemon. An engine that answers serves builders of `local` nodes alone. */
export function withoutBuildkitd(problem: string, engine: Engine | { tried: string }): string {
  const [cause, fix] =
    "tried" in engine
      ? [`no Docker engine answers that could run it instead (${engine.tried})`, "start Docker or set DOCKER_HOST"]
      : [
          `the Docker engine at ${engine.endpoint} can't share a builder with remote nodes, because a builder has one driver`,
          'make all nodes of this builder "local"',
        ];
  return `${problem}, and ${cause}. Fix: run as root on Linux with buildkitd and runc on PATH (https://github.com/moby/buildkit/releases), ${fix}, or use a node of kind "remote".`;
}

/** Has the daemon of this platform running, set up in this way, and says where its socket is. */
export async function ensureDaemon(
  platform: Platform,
  settings: BuildkitdSettings,
  idleTimeoutMinutes: number | null,
  progress: Progress,
): Promise<string> {
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd) {
    const reason = withoutBuildkitd(buildkitd.problem, await findEngine());
    throw new BuildError(`node of kind "local" for ${platform}: ${reason}`);
  }
  const directory = path.join(cacheDirectory(), "nodes", localNodeName(platform, settings));
  makeCacheFolder(directory);
  const sockets = socketDirectory(directory);
  const files = localNodeFiles(directory, sockets);
  // Before the look at the daemon: one that is about to end sees the lease and stays.
  writeFileAtomically(files.lease, JSON.stringify({ idleTimeoutMinutes }));
  const missing = stepNetworkPrograms.filter((program) => !findOnPath(program));
  const network = missing.length === 0 ? stepNetworkOf(directory, otherAddresses) : undefined;
  // Of a daemon that runs it is what it was started with: see `localNodeName`.
  writeFileAtomically(files.config, buildkitdConfig(files, settings, network));
  await start(files, sockets, buildkitd.path, () =>
    progress(`starting buildkitd for ${platform} on this machine${describeStepNetwork(missing)}`),
  );
  return files.socket;
}

/** Of this machine, but for those of one interface. */
function otherAddresses(interfaceName: string): string[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, addresses = []]) =>
    name === interfaceName ? [] : addresses.map(({ address }) => address),
  );
}

async function start(files: LocalNodeFiles, sockets: string, buildkitd: string, onSpawn: () => void): Promise<void> {
  const deadline = Date.now() + startTimeoutMilliseconds;
  let watcher: ChildProcess | undefined;
  while (!(await answers(files))) {
    if (!watcherIsAlive(files) && (!watcher || watcher.exitCode !== null)) {
      if (watcher) {
        throw new BuildError(`buildkitd did not start. The end of ${files.log}:\n${tail(files.log)}`);
      }
      onSpawn();
      watcher = spawnWatcher(files, sockets, buildkitd);
    }
    if (Date.now() > deadline) {
      throw new BuildError(
        `buildkitd does not answer after ${startTimeoutMilliseconds / 1000} s. The end of ${files.log}:\n${tail(files.log)}`,
      );
    }
    await sleep(100);
  }
}

async function answers(files: LocalNodeFiles): Promise<boolean> {
  if (!fs.existsSync(files.socket) || !watcherIsAlive(files)) {
    return false;
  }
  return readDaemonInfo(files.socket, 2_000).then(
    () => true,
    () => false,
  );
}

function spawnWatcher(files: LocalNodeFiles, sockets: string, buildkitd: string): ChildProcess {
  const log = fs.openSync(files.log, isLong(files.log) ? "w" : "a", 0o600);
  // In this repository the library runs from its TypeScript sources.
  const script = moduleFile("nodes/local/run/watch");
  const loader = script.endsWith(".ts") ? ["-r", require.resolve("ts-node/register/transpile-only")] : [];
  const child = spawn(process.execPath, [...loader, script, files.directory, sockets, buildkitd], {
    cwd: path.dirname(script),
    detached: true,
    env: daemonEnvironment(process.env),
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
  child.unref();
  return child;
}

function watcherIsAlive(files: LocalNodeFiles): boolean {
  try {
    const { pid } = JSON.parse(fs.readFileSync(files.pid, "utf8")) as { pid: number };
    return commandLine(pid).includes(files.directory);
  } catch {
    return false;
  }
}

function isLong(file: string): boolean {
  return (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > mostLogBytes;
}

function tail(file: string): string {
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  return text.trim().split("\n").slice(-5).join("\n");
}
