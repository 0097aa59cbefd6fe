import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { checkPreview, checkSameInTypeScript, checkUpdates, writeApp } from "./languages/checks";
import { schemaFile, yamlStack } from "./languages/stack";
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
    writeApp(stack);
  });

  it("a preview calls no node", () => checkPreview(machines, stack));

  it("an update builds both platforms, a second one nothing", async () => {
    await checkUpdates(machines, stack, tag, ({ digest }) => ({ indexDigest: digest, ref: `${tag}@${digest}` }));
  });

  it("the plugin's schema stands Pulumi's own check", async () => {
    const { code, output } = await stack.run("schema", "check", schemaFile);
    assert.equal(code, 0, output);
    assert.equal(output.trim(), "");
  });

  // python.test.ts: the plugin makes the image.
  nightly.it("the same content has the same digest from TypeScript", () => checkSameInTypeScript(machines, stack, tag));
});
