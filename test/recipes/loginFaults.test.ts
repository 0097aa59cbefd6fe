import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { crash } from "../main/processes";
import { type Stack, waitFor } from "../main/stack";
import { GuardedRegistry } from "./guarded";

describe("an index of two nodes, pushed with a login of the arguments", function () {
  this.timeout(300_000);
  let registry: GuardedRegistry;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    registry = await GuardedRegistry.open("FROM scratch\nARG TARGETARCH\nCOPY word /$TARGETARCH\n");
    stack = await registry.stackWith({ registries: registry.registries });
    await registry.pushedBy(stack);
  });

  after(() => registry.close());

  const urnOf = (name: string) => new RegExp(`urn:pulumi:[^"\\s]+::${name}(?=")`).exec(stack.stateText())?.[0] ?? name;

  it("comes with the next update after one that was killed between platforms and index", async () => {
    stack.write("app/word", "two");
    const killed = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the index", () => /building index of image/.test(killed.output()));
    await crash(killed);
    await stack.run("cancel", "--yes");
    const { output, platformDigests } = await registry.pushedBy(stack);
    assert.match(output, /building index of image app/);
    assert.doesNotMatch(output, /building image/);
    assert.deepEqual(await registry.digestsOf(registry.tag()), platformDigests);
  });

  it("comes with the next update after one that failed on one node, without a build on the other", async () => {
    const half = await registry.stackWith({
      registries: registry.registries,
      tags: [registry.tag("half")],
      checkBaseImages: false,
    });
    half.write("app/Dockerfile", `ARG TARGETARCH\nFROM ${registry.tag("base")}-$TARGETARCH\nCOPY word /half\n`);
    await registry.copy(registry.tag(), "amd64", `${registry.tag("base")}-amd64`);
    const { code, output } = await half.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /login:base-arm64: not found/);
    await registry.copy(registry.tag(), "arm64", `${registry.tag("base")}-arm64`);
    const second = await registry.pushedBy(half);
    assert.match(second.output, /building image app-linux-arm64/);
    assert.doesNotMatch(second.output, /building image app-linux-amd64/);
    assert.deepEqual(await registry.digestsOf(registry.tag("half")), second.platformDigests);
  });

  it("comes for a second image, too, where the first needed one node alone", async () => {
    const { images, ...spec } = stack.spec();
    stack.declare({
      ...spec,
      images: { ...images, next: { ...(images.app as object), tags: [registry.tag("next")] } },
    });
    const { code, output } = await stack.up("--replace", urnOf("app-linux-arm64"));
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /building image app-linux-amd64/);
    assert.match(output, /building image next-linux-amd64/);
    const { next } = await stack.outputs<{ next: { platformDigests: object } }>();
    assert.deepEqual(await registry.digestsOf(registry.tag("next")), next.platformDigests);
  });

  it("is there again after the registry has lost all of it, from the cache of the node", async () => {
    await registry.wipe(stack);
    const again = await registry.pushedBy(stack, "--refresh");
    assert.doesNotMatch(again.output, /building image/);
    assert.deepEqual(await registry.digestsOf(registry.tag()), again.platformDigests);
  });

  it("is built again where no node has it, by what the error says", async () => {
    await registry.wipe(stack);
    await registry.replaceNode();
    registry.declare(stack, { registries: registry.registries });
    const { code, output } = await stack.up("--refresh");
    assert.notEqual(code, 0, output);
    assert.match(output, /What the nodes have pushed for a platform is no longer in the registry/);
    const urns = ["app-linux-amd64", "app-linux-arm64"].flatMap((name) => ["--replace", urnOf(name)]);
    const again = await registry.pushedBy(stack, ...urns);
    assert.deepEqual(await registry.digestsOf(registry.tag()), again.platformDigests);
  });

  it("is an error where BuildKit would change what it puts together", async () => {
    const triggers = await registry.stackWith({ registries: registry.registries, tags: [registry.tag("onbuild")] });
    triggers.write("app/Dockerfile", "FROM scratch\nCOPY word /\nONBUILD COPY word /again\n");
    const { code, output } = await triggers.up();
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /holds sha256:\w+ for linux\/amd64, and its node has pushed sha256:\w+. A Dockerfile with ONBUILD/,
    );
  });
});
