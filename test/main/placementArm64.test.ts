import * as assert from "node:assert/strict";

import { type BuildHost, type NamespaceNode, startNamespaceNode, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getArm64, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

nightly.describe("placement: a node whose machine has an emulator, beside a real arm64 machine", function () {
  this.timeout(900_000);
  let machines: Machines;
  let arm64: BuildHost;
  let emulating: NamespaceNode;

  before(async function () {
    skipWithout(this, ["namespaces", "arm64 machine", "emulation"]);
    machines = await getMachines();
    arm64 = await getArm64();
    const { run, network, authority, registry } = machines;
    const options = { name: "emulating", emulates: ["arm64" as const], registries: registry.trusted };
    emulating = await startNamespaceNode(run, network, authority, options);
    assert.ok((await emulating.platforms()).includes("linux/arm64"), "the emulator is not there");
  });

  async function stackOf(nodes: unknown[]): Promise<Stack> {
    const args = { context: "./app", tags: [`${machines.registry.host}/placement:1`] };
    const stack = await Stack.create(
      { builder: { nodes }, images: { app: args } },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
    return stack;
  }

  it("can't take a native node's platform: an error before the build names node, platform and fix", async () => {
    const before = [await emulating.history(), await arm64.history()].map(({ length }) => length);
    const stack = await stackOf([emulating.remoteNode(), arm64.remoteNode()]);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node amd64 .* would take linux\/arm64 from node arm64, which serves it natively/);
    assert.match(
      output,
      /Fix: remove the emulator there .*--uninstall 'qemu-aarch64'.* or put node arm64 before node amd64/,
    );
    assert.deepEqual(
      [await emulating.history(), await arm64.history()].map(({ length }) => length),
      before,
    );
  });

  it("gets only its own platform once the native node comes first, as the error says", async () => {
    const before = [(await emulating.history()).length, (await arm64.history()).length];
    const stack = await stackOf([arm64.remoteNode(), emulating.remoteNode()]);
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const builds = [(await emulating.history()).slice(before[0]), (await arm64.history()).slice(before[1])];
    assert.deepEqual(
      builds.map((each) => each.flatMap(({ platforms }) => platforms)),
      [["linux/amd64"], ["linux/arm64"]],
    );
  });
});
