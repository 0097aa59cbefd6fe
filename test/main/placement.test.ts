import * as assert from "node:assert/strict";

import { type BuildHost, type NamespaceNode, startNamespaceNode, skipWithout } from "../hosts";
import { getArm64, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

describe("placement", function () {
  this.timeout(900_000);
  let machines: Machines;
  let arm64: BuildHost;

  before(async function () {
    skipWithout(this, ["namespaces", "arm64 machine", "emulation"]);
    machines = await getMachines();
    arm64 = await getArm64();
  });

  async function stackOf(nodes: unknown[], image: Record<string, unknown> = {}): Promise<Stack> {
    const args = { context: "./app", tags: [`${machines.registry.host}/placement:1`], ...image };
    const stack = await Stack.create(
      { builder: { nodes }, images: { app: args } },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
    return stack;
  }

  describe("a node whose machine has an emulator", () => {
    let emulating: NamespaceNode;

    before(async () => {
      const { run, network, authority, registry } = machines;
      const options = { name: "emulating", emulates: ["arm64" as const], registries: registry.trusted };
      emulating = await startNamespaceNode(run, network, authority, options);
      assert.ok((await emulating.platforms()).includes("linux/arm64"), "the emulator is not there");
    });

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

  it("a platform without a node is an error before any node wakes", async () => {
    const before = [await machines.amd64.connections(), await arm64.connections()];
    const stack = await stackOf([machines.amd64.remoteNode(), arm64.remoteNode()], {
      platforms: ["linux/amd64", "linux/s390x"],
    });
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /asks for linux\/s390x, and no node of the builder serves it; it has linux\/amd64 \(amd64\)/);
    assert.deepEqual([await machines.amd64.connections(), await arm64.connections()], before);
  });

  it("a node that is declared for another platform than its machine's is an error before the build", async () => {
    const stack = await stackOf([{ ...machines.amd64.remoteNode(), platform: "linux/arm64" }], {
      platforms: ["linux/arm64"],
    });
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node arm64 .* declared for linux\/arm64, and its machine's own platform is linux\/amd64/);
  });

  it("a node that no platform needs is not called, may drop packets, and serves a later image of the same up", async () => {
    const image = { context: "./app", tags: [`${machines.registry.host}/needed:1`] };
    const stack = await stackOf([machines.amd64.remoteNode(), arm64.remoteNode()]);
    const builder = { nodes: [machines.amd64.remoteNode(), arm64.remoteNode()] };
    const onlyArm64 = { ...image, platforms: ["linux/arm64"], tags: [`${machines.registry.host}/only:1`] };
    stack.declare({ builder, images: { first: onlyArm64 } });

    await machines.amd64.drop();
    const before = await machines.amd64.connections();
    const dropped = await stack.up();
    assert.equal(dropped.code, 0, dropped.output);
    assert.equal(await machines.amd64.connections(), before);
    await machines.amd64.restore();

    stack.write("app/changed", "1");
    const reachable = await stack.up();
    assert.equal(reachable.code, 0, reachable.output);
    const difference = dropped.seconds - reachable.seconds;
    assert.ok(difference < 15, `${difference} s more than with a node that answers`);

    stack.write("app/changed", "2");
    stack.declare({ builder, images: { first: onlyArm64, second: image } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const outputs = await stack.outputs<{ second: { platformDigests: Record<string, string> } }>();
    assert.deepEqual(Object.keys(outputs.second.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });
});
