import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { goStack } from "./languages/go";
import type { Stack } from "./stack";

const platforms = ["linux/amd64", "linux/arm64"];

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
    stack.write("app/Dockerfile", "FROM scratch\nCOPY greeting /\n");
    stack.write("app/greeting", "hello\n");
  });

  it("a preview calls no node", async () => {
    const before = await machines.amd64.connections();
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(output, /image app would be built/);
    assert.equal(await machines.amd64.connections(), before);
  });

  it("an update builds both platforms, a second one nothing", async () => {
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    const { digest, platformDigests } = await inspectIndex(machines.registry, tag);
    assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
    assert.deepEqual(await stack.outputs(), { indexDigest: digest, platformDigests });
    const [, line] = machines.amd64.remoteNode().tls.key.split("\n");
    assert.ok(!stack.stateText().includes(line));
    const before = await machines.amd64.connections();
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /updated|created/);
    assert.equal(await machines.amd64.connections(), before);
  });
});
