import * as assert from "node:assert/strict";

import { newMemory } from "../../../components/insights/kept";
import { maskOf } from "../../../components/insights/masking";
import { readBuild } from "../../../components/insights/readBuild";

describe("insights: a node that is gone", () => {
  it("is told as missing, and fails nothing", async () => {
    const node = { name: "n", address: "a", builderName: "b", platforms: ["linux/amd64" as const], buildkit: "v1" };
    const view = { ...node, socket: "/nowhere/buildkitd.sock", wakeMilliseconds: 0 };
    const identity = { context: ".", buildArgs: {}, tags: [] };
    const remembered = { stages: [], buildArgs: {}, others: {}, contexts: {} };
    const inputs = { identity, remembered, mask: maskOf({}, []), hidden: [], noCache: false };
    const { findings, missing } = await readBuild([view], 0, inputs, newMemory());
    assert.deepEqual(findings, []);
    assert.match(missing.join(), /^node n did not answer/);
  });
});
