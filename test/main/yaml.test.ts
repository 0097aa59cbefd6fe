import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { yamlStack } from "./languages/stack";
import type { Stack } from "./stack";

const platforms = ["linux/amd64", "linux/arm64"];

describe("a program in YAML", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/yaml:1`;
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const image = { context: "./app", platforms, tags: [tag], builder: "${builder}" };
    stack = await yamlStack(
      {
        resources: {
          builder: { type: "multi-platform-image:Builder", properties: { nodes: [node] } },
          app: { type: "multi-platform-image:MultiPlatformImage", properties: image },
        },
        outputs: { indexDigest: "${app.indexDigest}", ref: "${app.ref}" },
      },
      { environment: trusting(machines.registry) },
    );
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
    assert.deepEqual(await stack.outputs(), { indexDigest: digest, ref: `${tag}@${digest}` });
    const before = await machines.amd64.connections();
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /updated|created/);
    assert.equal(await machines.amd64.connections(), before);
  });
});
