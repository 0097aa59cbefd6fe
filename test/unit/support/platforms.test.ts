import * as assert from "node:assert/strict";

import {
  formatPlatform,
  isNativeOn,
  nodeNameOf,
  ociPlatform,
  parsePlatform,
} from "../../../components/support/platforms";

describe("platforms", () => {
  for (const [text, platform] of [
    ["linux/arm64", "linux/arm64"],
    ["linux/arm64/v8", "linux/arm64"],
    ["linux/aarch64", "linux/arm64"],
    ["linux/x86_64", "linux/amd64"],
    ["linux/arm", "linux/arm/v7"],
    ["linux/amd64/v2", "linux/amd64/v2"],
    ["windows/amd64", undefined],
    ["linux", undefined],
    ["toString", undefined],
    ["", undefined],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${platform}`, () => assert.equal(parsePlatform(text), platform));
  }

  it("writes an OCI platform in its normal spelling", () => {
    assert.equal(formatPlatform({ os: "linux", architecture: "arm64", variant: "v8" }), "linux/arm64");
    assert.equal(formatPlatform({ os: "linux", architecture: "arm", variant: "v7" }), "linux/arm/v7");
    assert.equal(formatPlatform({ os: "unknown", architecture: "unknown" }), "unknown/unknown");
  });

  it("gives buildx a variant only where there is one", () => {
    assert.deepEqual(ociPlatform("linux/arm64"), { architecture: "arm64", os: "linux" });
    assert.deepEqual(ociPlatform("linux/arm/v7"), { architecture: "arm", os: "linux", variant: "v7" });
  });

  it("names nodes by architecture", () => {
    assert.equal(nodeNameOf("linux/arm64"), "arm64");
    assert.equal(nodeNameOf("linux/arm/v7"), "arm-v7");
  });

  it("knows which machine runs what natively", () => {
    assert.equal(isNativeOn("linux/amd64", "x64"), true);
    assert.equal(isNativeOn("linux/arm64", "x64"), false);
  });
});
