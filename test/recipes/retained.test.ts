import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { skopeo, trusting } from "../main/image";
import { Stack } from "../main/stack";

describe("images that stay", function () {
  this.timeout(600_000);
  let machines: Machines;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
  });

  const tag = (name: string) => `${machines.registry.host}/retained/${name}:1`;

  function declare(stack: Stack, images: Record<string, object>): void {
    const common = { context: "./app", platforms: ["linux/amd64"] };
    const all = Object.entries(images).map(([name, image]): [string, object] => [name, { ...common, ...image }]);
    stack.declare({ builder: { nodes: [machines.amd64.remoteNode()] }, images: Object.fromEntries(all) });
  }

  async function stackOf(images: Record<string, object>): Promise<Stack> {
    const stack = await Stack.create(
      { builder: {}, images: {} },
      {
        environment: trusting(machines.registry),
        program: `${__dirname}/retainedProgram`,
      },
    );
    stack.write("app/Dockerfile", "FROM scratch\nCOPY content /\n");
    stack.write("app/content", `${Date.now()} ${Math.random()}`);
    declare(stack, images);
    return stack;
  }

  /** Runs a command of the stack that succeeds. */
  async function sound(outcome: Promise<{ code: number | null; output: string }>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  const refOf = async (stack: Stack, name: string) => (await stack.outputs<Record<string, string>>())[name];

  /** By skopeo, which is no part of what is tested. */
  async function canBePulled(ref: string): Promise<boolean> {
    const digested = ref.replace(/:[^:@]+@/, "@");
    const trust = ["--cert-dir", machines.registry.certificateFolder];
    try {
      await skopeo("inspect", "--raw", ...trust, `docker://${digested}`);
      return true;
    } catch (error) {
      assert.match(String(error), /manifest unknown|not found/i);
      return false;
    }
  }

  it("recipe 5: a digest that was deployed survives a change, a replace with the same content, a rename and destroy", async () => {
    const stack = await stackOf({ app: { tags: [tag("stays")] } });
    await sound(stack.up());
    const first = await refOf(stack, "app");

    stack.write("app/content", `changed ${Math.random()}`);
    await sound(stack.up());
    const second = await refOf(stack, "app");
    assert.notEqual(second, first);
    assert.deepEqual([await canBePulled(first), await canBePulled(second)], [true, true]);

    const urns = await sound(stack.run("stack", "--show-urns"));
    const [urn] = /urn:pulumi:\S+docker-build:index:Image::app/.exec(urns) ?? assert.fail(urns);
    const replaced = await sound(stack.up("--replace", urn));
    assert.match(replaced, /replaced/);
    assert.equal(await refOf(stack, "app"), second);
    assert.ok(await canBePulled(second), "gone after a replace");

    declare(stack, { renamed: { tags: [tag("stays")] } });
    await sound(stack.up());
    assert.equal(await refOf(stack, "renamed"), second);
    assert.ok(await canBePulled(second), "gone after a rename");

    declare(stack, { again: { tags: [tag("stays")], formerName: "renamed" } });
    const aliased = await sound(stack.up());
    assert.doesNotMatch(aliased, /deleted|created/);
    assert.equal(await refOf(stack, "again"), second);
    assert.ok(await canBePulled(second), "gone after a rename with an alias");

    await sound(stack.run("destroy", "--yes", "--skip-preview"));
    assert.deepEqual([await canBePulled(first), await canBePulled(second)], [true, true]);
  });

  it("recipe 5: `retainOnDelete: false` deletes the digest with its resource, and leaves other images alone", async () => {
    const stack = await stackOf({
      goes: { tags: [tag("goes")], retainOnDelete: false },
      stays: { tags: [tag("other")] },
    });
    await sound(stack.up());
    const [goes, stays] = [await refOf(stack, "goes"), await refOf(stack, "stays")];
    assert.deepEqual([await canBePulled(goes), await canBePulled(stays)], [true, true]);
    await sound(stack.run("destroy", "--yes", "--skip-preview"));
    assert.deepEqual([await canBePulled(goes), await canBePulled(stays)], [false, true]);
  });
});
