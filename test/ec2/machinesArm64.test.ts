import * as hosts from "../hosts";
import { nightly } from "../tier";
import { livesItsLife, MachineLife } from "./machineLife";

nightly.describe("an arm64 machine of the tests' cloud, with a kernel of its own", function () {
  this.timeout(1_800_000);
  let life: MachineLife;

  before(async function () {
    hosts.skipWithout(this, ["arm64 cloud"]);
    // Every instruction is run in software, beside whatever else this machine does.
    life = await MachineLife.open("arm64", 480);
  });

  after(() => life?.close());

  livesItsLife(() => life);
});
