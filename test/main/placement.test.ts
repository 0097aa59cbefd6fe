import * as assert from "node:assert/strict";

import { type BuildHost, startNamespaceNode, skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

describe("placement", function () {
  this.timeout(900_000);
  let machines: Machines;
  let arm64: BuildHost;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const options = { name: "arm64", platform: "linux/arm64" as const, registries: registry.trusted };
    arm64 = await startNamespaceNode(run, network, authority, options);
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

  // Its daemon lists the platforms of this machine after its own, as if it had an emulator for them.
  describe("a node that lists another node's platform", () => {
    const histories = async () => [(await machines.amd64.history()).length, (await arm64.history()).length];

    it("can't take it: an error before the build names node, platform and fix", async () => {
      const before = await histories();
      const stack = await stackOf([arm64.remoteNode(), machines.amd64.remoteNode()]);
      const { code, output } = await stack.up();
      assert.notEqual(code, 0, output);
      assert.match(output, /node arm64 .* would take linux\/amd64 from node amd64, which serves it natively/);
      assert.match(output, /Fix: remove the emulator there .* or put node amd64 before node arm64/);
      assert.deepEqual(await histories(), before);
    });

    it("gets only its own platform once the native node comes first, as the error says", async () => {
      const before = await histories();
      const stack = await stackOf([machines.amd64.remoteNode(), arm64.remoteNode()]);
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      const builds = [(await machines.amd64.history()).slice(before[0]), (await arm64.history()).slice(before[1])];
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
