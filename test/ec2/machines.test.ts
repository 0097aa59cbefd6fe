import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { leftBy } from "../cloud/machinesRun";
import * as hosts from "../hosts";
import { MachineLife } from "./machineLife";

describe("an x86 machine of the tests' cloud", function () {
  this.timeout(600_000);
  let life: MachineLife;

  before(async function () {
    hosts.skipWithout(this, ["cloud"]);
    life = await MachineLife.open("x86_64", 60);
  });

  after(() => life?.close());

  it("boots its user data", () => life.bootsItsUserData());

  it("gets a volume while it runs", () => life.getsAVolume());

  it("is reached by whom its security group allows, at both addresses", () => life.letsIn());

  it("keeps disk and volume when it is stopped, and comes back at another address", () => life.comesBack());

  it("ends when it turns itself off", () => life.turnsItselfOff());

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
