import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheDirectory } from "../components/support/paths";
import { withLock } from "./cache";
import { endProcess, isAlive, livingProcess, portHolder } from "./processes";
import { say } from "./progress";

export const REGISTRY_PORT = 5080;
const ADDRESS = "127.0.0.1";
const START_MILLISECONDS = 20_000;
const STOP_SECONDS = 20;

function registryFiles() {
  const folder = path.join(cacheDirectory(), "registry");
  const file = (name: string) => path.join(folder, name);
  return { folder, data: file("data"), config: file("config.yml"), log: file("registry.log"), pid: file("pid") };
}

/** Has a registry answer on loopback: the one that does already, or a new one that outlives this process. */
export async function startRegistry(program: string): Promise<void> {
  await withLock(cacheDirectory(), "registry", say, async () => {
    const host = `${ADDRESS}:${REGISTRY_PORT}`;
    if (await isRegistry()) {
      say(`registry: ${host} answers`);
      return;
    }
    if (await isTaken()) {
      throw new Error(
        `registry: port ${REGISTRY_PORT} of ${ADDRESS} is held by ${portHolder(REGISTRY_PORT)}, which is no registry: end it, then run again.`,
      );
    }
    const pid = launch(program);
    const started = Date.now();
    while (!(await isRegistry())) {
      if (!isAlive(pid) || Date.now() - started > START_MILLISECONDS) {
        throw new Error(`registry: it does not answer on ${host}. The end of ${registryFiles().log}:\n${logEnd()}`);
      }
      await sleep(100);
    }
    say(`registry: started on ${host}, process ${pid}, data in ${registryFiles().data}`);
  });
}

/** Ends the registry that `startRegistry` started; false if there is none. */
export async function stopRegistry(): Promise<boolean> {
  const { pid: pidFile, config } = registryFiles();
  const pid = livingProcess(pidFile, config);
  if (pid) {
    await endProcess(pid, `the registry on ${ADDRESS}:${REGISTRY_PORT}`, STOP_SECONDS);
  }
  fs.rmSync(pidFile, { force: true });
  return pid !== undefined;
}

function launch(program: string): number {
  const files = registryFiles();
  fs.mkdirSync(files.data, { recursive: true });
  fs.writeFileSync(files.config, configuration(files.data));
  const log = fs.openSync(files.log, "w");
  const child = spawn(program, ["serve", files.config], {
    cwd: files.folder,
    detached: true,
    stdio: ["ignore", log, log],
    // It sends traces to a collector on this machine unless this is set.
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  fs.closeSync(log);
  child.on("error", () => undefined); // seen as a process that does not live
  child.unref();
  if (child.pid === undefined) {
    throw new Error(`registry: ${program} can't be started.`);
  }
  fs.writeFileSync(files.pid, JSON.stringify({ pid: child.pid }));
  return child.pid;
}

/** JSON is YAML. https://distribution.github.io/distribution/about/configuration/ */
export function configuration(data: string): string {
  return JSON.stringify({
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: `${ADDRESS}:${REGISTRY_PORT}` },
  });
}

/** https://distribution.github.io/distribution/spec/api/#api-version-check */
async function isRegistry(): Promise<boolean> {
  try {
    const response = await fetch(`http://${ADDRESS}:${REGISTRY_PORT}/v2/`, { signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.headers.get("docker-distribution-api-version")?.startsWith("registry/2") ?? false;
  } catch {
    return false;
  }
}

function isTaken(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(true));
    probe.listen(REGISTRY_PORT, ADDRESS, () => probe.close(() => resolve(false)));
  });
}

function logEnd(): string {
  try {
    return fs.readFileSync(registryFiles().log, "utf8").split("\n").slice(-10).join("\n");
  } catch {
    return "(no log)";
  }
}
