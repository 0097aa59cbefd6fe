import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { GuardedRegistry } from "./guarded";

describe("a registry whose login is the docker-build provider's", function () {
  this.timeout(300_000);
  let registry: GuardedRegistry;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    registry = await GuardedRegistry.open("FROM scratch\nARG TARGETARCH\nCOPY word /$TARGETARCH\n");
  });
  after(() => registry.close());

  async function stackWith(app: object): Promise<Stack> {
    const stack = await registry.stackWith({});
    registry.declare(stack, { platforms: ["linux/amd64"], ...app });
    return stack;
  }

  function giveProvider(stack: Stack): void {
    stack.declare({ ...stack.spec(), provider: { registries: registry.registries } });
  }

  it("gets an image of one node, which is read from it with that login, too", async () => {
    const stack = await stackWith({ tags: [registry.tag("explicit")] });
    giveProvider(stack);
    const { indexDigest, output } = await registry.pushedBy(stack);
    assert.match(indexDigest, /^sha256:/);
    assert.doesNotMatch(output, /warning/);
    const preview = await stack.preview("--expect-no-changes");
    assert.equal(preview.code, 0, preview.output);
    assert.ok(!stack.stateText().includes(registry.password) && !output.includes(registry.password));
  });

  it("gets it where the login is in the stack's configuration", async () => {
    const stack = await stackWith({ tags: [registry.tag("config")] });
    const file = path.join(stack.directory, "Pulumi.dev.yaml");
    const config = `config:\n  docker-build:registries: ${JSON.stringify(JSON.stringify(registry.registries))}\n`;
    fs.appendFileSync(file, config);
    assert.doesNotMatch((await registry.pushedBy(stack)).output, /warning/);
  });

  it("gets no index of two nodes: it is told before a node wakes, with the fix, which works", async () => {
    const platforms = ["linux/amd64", "linux/arm64"];
    const stack = await stackWith({ platforms, tags: [registry.tag("two")] });
    giveProvider(stack);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /not with the one that its provider has .* Fix: give that login in `registries` of the image/);
    assert.doesNotMatch(output, /is awake/);
    registry.declare(stack, { platforms, tags: [registry.tag("two")], registries: registry.registries });
    giveProvider(stack);
    const { platformDigests } = await registry.pushedBy(stack);
    assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
  });
});
