import * as assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { guardScript } from "../../../../components/nodes/kubernetes/declare/guard";

/** The guard in the machine's own sh, with programs of the names that BuildKit's image has. Its steps are short. */
describe("the guard of a pod", () => {
  let folder: string;
  let guard: ChildProcess;
  let ended: Promise<unknown>;

  function program(name: string, text: string): void {
    const file = path.join(folder, name);
    fs.writeFileSync(`${file}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    fs.renameSync(`${file}.new`, file);
  }

  /** What `buildctl debug histories` does from now on. */
  const histories = { none: "echo TYPE", running: "echo TYPE; echo STARTED", failing: "exit 1" };
  const answer = (text: string) => program("buildctl", `: >${folder}/asked\n${text}`);

  async function start(idleSeconds: number): Promise<void> {
    const text = guardScript.replaceAll("/usr/bin/", `${folder}/`).replace("sleep 5", "sleep 0.1");
    const env = { PATH: `${folder}:${process.env.PATH}`, IDLE_SECONDS: String(idleSeconds) };
    guard = spawn("sh", ["-c", text], { env, stdio: "ignore", detached: true });
    ended = once(guard, "exit");
    // It has asked once: it takes signals by now.
    while (!fs.existsSync(path.join(folder, "asked"))) {
      await sleep(20);
    }
  }

  const isRunning = async () => (await Promise.race([ended, sleep(700, "running")])) === "running";

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-guard-"));
    program("buildkitd", 'trap "exit 0" TERM; while :; do sleep 0.1; done');
  });

  afterEach(() => {
    try {
      process.kill(-guard.pid!, "SIGKILL");
    } catch {
      // All of it has ended.
    }
    fs.rmSync(folder, { recursive: true });
  });

  it("goes on until what is built is done, when it is asked to end", async () => {
    answer(histories.running);
    await start(600);
    guard.kill("SIGTERM");
    assert.equal(await isRunning(), true);
    answer(histories.none);
    assert.deepEqual(await ended, [0, null]);
  });

  it("goes on where it is asked to end and does not learn whether anything is built", async () => {
    answer(histories.failing);
    await start(600);
    guard.kill("SIGTERM");
    assert.equal(await isRunning(), true);
    answer(histories.none);
    assert.deepEqual(await ended, [0, null]);
  });

  it("ends what is idle, also where it does not learn whether anything is built", async () => {
    answer(histories.failing);
    await start(1);
    assert.deepEqual(await ended, [0, null]);
  });
});
