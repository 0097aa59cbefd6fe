import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { BuildError } from "../../../support/errors";
import { moduleFile } from "../../../support/packageFiles";
import type { ClusterSettings } from "../clusterSettings";
import type { KubernetesConnection } from "../connection";

/** What a carrier gets on its standard input: keys are in no command line and in no file. */
export interface CarrierTask {
  settings: ClusterSettings;
  builder: KubernetesConnection;
  /** The nodes that it keeps connections to. */
  chosen: readonly string[];
  until: Date;
}

/** A process that carries connections to pods. */
export interface Carrier {
  pid: number;
  /** It has its sockets, and a connection to each pod. @throws BuildError where it does not come to that; then it has ended. */
  ready: Promise<void>;
  /** Has it end, also before it is ready. What an earlier one holds is reached by its own sockets again. */
  end(): void;
}

/** What it says once it listens. */
export const readyLine = "ready";

const startTimeoutMilliseconds = 30_000;

/** Starts a process that outlives this one. */
export function startCarrier(task: CarrierTask): Carrier {
  const script = moduleFile("nodes/kubernetes/shell/carrier");
  // In this repository the library runs from its TypeScript sources.
  const loader = script.endsWith(".ts") ? ["-r", require.resolve("ts-node/register/transpile-only")] : [];
  const child = spawn(process.execPath, [...loader, script], {
    // In this folder: KUBECONFIG may be a path from here.
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  // Its end says more than that it does not read.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(task));
  return { pid: child.pid ?? 0, ready: readiness(child), end: () => void child.kill("SIGTERM") };
}

async function readiness(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new BuildError(`the process that carries connections to the pods did not start: ${why}. Fix: try again.`));
    };
    const timer = setTimeout(
      () => fail(`no answer in ${startTimeoutMilliseconds / 1_000} s`),
      startTimeoutMilliseconds,
    );
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(said.trim() || `it ended with ${code}`));
    child.once("exit", () => clearTimeout(timer));
    child.stdout.on("data", (data: Buffer) => {
      said += data.toString();
      // A module of NODE_OPTIONS may write lines of its own.
      if (`\n${said}`.includes(`\n${readyLine}\n`)) {
        clearTimeout(timer);
        resolve();
      }
    });
  });
  child.removeAllListeners();
  child.stdout.destroy();
  child.unref();
}
