import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { checkPreview, checkSameInTypeScript, checkUpdates, writeApp } from "./languages/checks";
import { goStack } from "./languages/go";
import type { Stack } from "./stack";

// What Go has of its own is its SDK, of the same schema as Python's, and to compile Pulumi's SDK takes minutes: python.test.ts.
nightly.describe("a program in Go", function () {
  this.timeout(2_400_000);
  let machines: Machines;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/go:1`;
    stack = await goStack({ tag, node: machines.amd64.remoteNode() }, { environment: trusting(machines.registry) });
    writeApp(stack);
  });

  it("a preview calls no node", () => checkPreview(machines, stack));

  it("an update builds both platforms, a second one nothing", async () => {
    await checkUpdates(machines, stack, tag, ({ digest, platformDigests }) => ({
      indexDigest: digest,
      platformDigests,
    }));
    const [, line] = machines.amd64.remoteNode().tls.key.split("\n");
    assert.ok(!stack.stateText().includes(line));
  });

  it("the same content has the same digest from TypeScript", () => checkSameInTypeScript(machines, stack, tag));
});
