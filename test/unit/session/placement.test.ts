import * as assert from "node:assert/strict";

import { nodesOf, type PlacedNode, provePlacement } from "../../../components/session/placement";

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

  it("takes a further platform where it was named, with an emulator or without", () => {
    const wide: PlacedNode = { ...amd64, additionalPlatforms: ["linux/s390x", "linux/386"] };
    provePlacement([arm64, wide], [...both, "linux/s390x", "linux/386"]);
    provePlacement([arm64, { ...wide, listed: [...wide.listed, "linux/s390x"] }], ["linux/s390x"]);
  });

  it("fails if another node's emulator takes a further platform", () => {
    const emulating = { ...amd64, listed: [...amd64.listed, "linux/arm/v7"] };
    const wide: PlacedNode = { ...arm64, additionalPlatforms: ["linux/arm/v7"] };
    assert.throws(() => provePlacement([emulating, wide], ["linux/arm/v7"]), {
      message:
        /node amd64 .* would take linux\/arm\/v7 from node arm64, which has it in `additionalPlatforms`.*qemu-arm'/,
    });
  });

  it("names each node once, however many of its platforms are asked for", () => {
    const wide: PlacedNode = { ...amd64, additionalPlatforms: ["linux/386", "linux/s390x"] };
    assert.deepEqual(nodesOf([arm64, wide], ["linux/386", "linux/amd64", "linux/s390x"]), [wide]);
  });

  it("fails if no node serves a platform, naming those that do", () => {
    assert.throws(() => nodesOf([amd64, arm64], ["linux/s390x"]), {
      message: /linux\/s390x, and no node .* linux\/amd64 \(amd64\), linux\/arm64 \(arm64\)/,
    });
  });
});
