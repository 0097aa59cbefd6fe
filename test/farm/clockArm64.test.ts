import { ok } from "node:assert/strict";

import { openAccount } from "../cloud/account";
import * as hosts from "../hosts";
import { nightly } from "../tier";

const userData = '#!/bin/sh\necho "clock: $(date +%s)." > /dev/console\n';

nightly.describe("an arm64 machine of the tests' cloud", function () {
  this.timeout(900_000);

  it("has its clock set wrong when that is ordered", async function () {
    hosts.skipWithout(this, ["arm64 cloud"]);
    const account = await openAccount({ machines: true, arm64: true });
    await account.cloud.faults({ machine: "clock-one-hour-slow", count: 1 });
    const id = await account.launch({ UserData: Buffer.from(userData).toString("base64") });
    const read = async (): Promise<number> => {
      const said = await account.cloud.console(id);
      const [, seconds] = /clock: (\d+)\./.exec(said) ?? [];
      ok(seconds, said.slice(-500));
      return Date.now() / 1000 - Number(seconds);
    };
    const behind = await hosts.waitUntil("the clock", read, { timeoutMilliseconds: 600_000 });
    ok(behind > 3_300 && behind < 3_900, `${behind} s behind`);
    await account.run.close();
  });
});
