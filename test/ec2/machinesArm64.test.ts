import * as hosts from "../hosts";
import { nightly } from "../tier";
import { MachineLife } from "./machineLife";

nightly.describe("an arm64 machine of the tests' cloud, with a kernel of its own", function () {
  this.timeout(1_800_000);
  let life: MachineLife;

  before(async function () {
    hosts.skipWithout(this, ["arm64 cloud"]);
    // Every instruction is run in software, beside whatever else this machine does.
    life = await MachineLife.open("arm64", 480);
  });

  after(() => life?.close());

  it("boots its user data", () => life.bootsItsUserData());

  it("gets a volume while it runs", () => life.getsAVolume());

  it("is reached by whom its security group allows, at both addresses", () => life.letsIn());

  it("keeps disk and volume when it is stopped, and comes back at another address", () => life.comesBack());

  it("ends when it turns itself off", () => life.turnsItselfOff());
});
