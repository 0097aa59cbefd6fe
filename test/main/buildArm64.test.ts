import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getArm64, getDebianImage, getMachines } from "./fixture";
import { buildsOnTwoNodes, type TwoNodes } from "./twoNodes";

nightly.describe("one image on two nodes, one of them a real arm64 machine", function () {
  this.timeout(1_200_000);

  before(function () {
    skipWithout(this, ["namespaces", "arm64 machine", "debian roots", "skopeo"]);
  });

  buildsOnTwoNodes(async (): Promise<TwoNodes> => {
    const { registry, amd64 } = await getMachines();
    return { registry, amd64, arm64: await getArm64(), base: await getDebianImage(), runsSteps: true };
  });
});
