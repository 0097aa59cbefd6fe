import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { localNodeFiles } from "../../../../components/nodes/local/run/daemonFiles";
import { isAlive } from "../../../../tools/processes";
import { waitFor } from "../../../main/stack";
import { nightly } from "../../../tier";

const watcher = path.resolve(__dirname, "../../../../components/nodes/local/run/watch.ts");

describe("the watcher of a local node", () => {
  // Half a minute is what builds have to end in.
  nightly
    .it("that is asked to end ends a daemon that does not end by itself", async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-watch-"));
      const daemon = path.join(folder, "daemon");
      // As BuildKit's while a build waits for a silent server.
      fs.writeFileSync(daemon, "#!/bin/sh\ntrap '' TERM\nwhile true; do sleep 1; done\n", { mode: 0o755 });
      const files = localNodeFiles(folder, folder);
      fs.writeFileSync(files.lease, JSON.stringify({ idleTimeoutMinutes: 10 }));
      const child = spawn(
        process.execPath,
        ["-r", "ts-node/register/transpile-only", watcher, folder, folder, daemon],
        {
          stdio: "ignore",
        },
      );
      const ended = once(child, "exit");
      try {
        await waitFor("the daemon", () => fs.existsSync(files.pid), 20);
        const { daemonPid } = JSON.parse(fs.readFileSync(files.pid, "utf8")) as { daemonPid: number };
        child.kill("SIGTERM");
        await ended;
        assert.equal(isAlive(daemonPid), false);
      } finally {
        child.kill("SIGKILL");
        fs.rmSync(folder, { recursive: true, force: true });
      }
    })
    .timeout(60_000);
});
