import * as assert from "node:assert/strict";

import { nodesOf, type PlacedNode, provePlacement } from "../../components/build/placement";

const arm64: PlacedNode = { name: "arm64", address: "tcp://arm:1", platform: "linux/arm64", listed: ["linux/arm64"] };
const amd64: PlacedNode = {
  name: "amd64",
  address: "tcp://x86:1",
  platform: "linux/amd64",
  listed: ["linux/amd64", "linux/amd64/v2", "linux/386"],
};
const both = ["linux/amd64", "linux/arm64"] as const;

describe("placement", () => {
  it("takes nodes that list their own platform", () => provePlacement([amd64, arm64], both));

  it("takes a sleeping node for what it was declared", () =>
    provePlacement([amd64, { ...arm64, listed: [] }], ["linux/amd64"]));

  it("fails if an emulator on an earlier node takes a native node's platform", () => {
    const emulating = { ...amd64, listed: [...amd64.listed, "linux/arm64"] };
    assert.throws(() => provePlacement([emulating, arm64], both), {
      message: /node amd64 \(tcp:\/\/x86:1\) would take linux\/arm64 from node arm64.*--uninstall 'qemu-aarch64'/,
    });
  });

  it("takes an emulator on a later node, which gets nothing", () =>
    provePlacement([arm64, { ...amd64, listed: [...amd64.listed, "linux/arm64"] }], both));

  it("takes an emulator for a platform that no build asks for", () =>
    provePlacement([{ ...amd64, listed: [...amd64.listed, "linux/arm64"] }, arm64], ["linux/amd64"]));

  it("fails if a node's machine is of another platform than declared", () => {
    assert.throws(() => provePlacement([amd64, { ...arm64, listed: ["linux/amd64"] }], both), {
      message: /node arm64 .* declared for linux\/arm64.* own platform is linux\/amd64/,
    });
  });

  it("takes a local node of a foreign platform, and whoever builds it on that machine", () => {
    const local = { ...arm64, foreign: true, listed: ["linux/amd64"] };
    provePlacement([{ ...amd64, listed: [...amd64.listed, "linux/arm64"] }, local], both);
  });

  it("fails if no node serves a platform, naming those that do", () => {
    assert.throws(() => nodesOf([amd64, arm64], ["linux/s390x"]), {
      message: /linux\/s390x, and no node .* linux\/amd64 \(amd64\), linux\/arm64 \(arm64\)/,
    });
  });
});
