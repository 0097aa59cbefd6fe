import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { leftBy } from "../cloud/machinesRun";
import * as hosts from "../hosts";
import { livesItsLife, MachineLife } from "./machineLife";

describe("an x86 machine of the tests' cloud", function () {
  this.timeout(600_000);
  let life: MachineLife;

  before(async function () {
    hosts.skipWithout(this, ["cloud"]);
    life = await MachineLife.open("x86_64", 60);
  });

  after(() => life?.close());

  livesItsLife(() => life);

  it("keeps what it had written when its power is cut", () => life.keepsWhatItHadWritten());

  it("is swept by the next run when its own is killed", async () => {
    const child = fork(join(__dirname, "../cloud/killedMachine.ts"), {
      execArgv: ["-r", "ts-node/register/transpile-only"],
    });
    const [killed] = (await once(child, "message")) as [{ name: string; folder: string }];
    assert.notDeepEqual(await leftBy(killed), []);
    child.kill("SIGKILL");
    await once(child, "exit");
    await hosts.openRun().close();
    assert.deepEqual(await leftBy(killed), []);
  });
});
