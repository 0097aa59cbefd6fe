import { skipWithout, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines } from "./fixture";
import { buildsOnTwoNodes, type TwoNodes } from "./twoNodes";

describe("one image on two nodes, each a host of its own", function () {
  this.timeout(1_200_000);

  before(function () {
    skipWithout(this, ["namespaces", "skopeo"]);
  });

  buildsOnTwoNodes(async (): Promise<TwoNodes> => {
    const { run, network, authority, registry, amd64 } = await getMachines();
    const options = { name: "arm64", platform: "linux/arm64" as const, registries: registry.trusted };
    const arm64 = await startNamespaceNode(run, network, authority, options);
    return { registry, amd64, arm64, base: await getBaseImage(), runsSteps: false };
  });
});
