import * as assert from "node:assert/strict";

import { engineRegistration, remoteRegistration } from "../../../components/session/registration";
import { localNodeFiles, localNodeName, buildkitdConfig } from "../../../components/nodes/local/run/daemonFiles";
import type { NodeArgs } from "../../../components/nodes/arguments";
import type { Platform } from "../../../components/support/platforms";
import { checkNodes } from "../../../components/builder/checkNodes";

const remote = (
  platform: Platform,
  additionalPlatforms?: Platform[],
  host = platform.replaceAll("/", "-"),
): NodeArgs => ({
  kind: "remote",
  platform,
  endpoint: `tcp://${host}:1234`,
  ...(additionalPlatforms && { additionalPlatforms }),
});
const check = (...nodes: NodeArgs[]) => checkNodes("Builder b", nodes);

describe("further platforms of a node", () => {
  it("are kept in their normal spelling", () => {
    const [node] = check(remote("linux/amd64", ["linux/arm" as Platform, "linux/386"]));
    assert.deepEqual(node.additionalPlatforms, ["linux/arm/v7", "linux/386"]);
  });

  for (const [what, nodes, message] of [
    [
      "another node's own",
      [remote("linux/amd64", ["linux/arm64"]), remote("linux/arm64")],
      /`nodes\[0\]\.additionalPlatforms`.*node arm64 serves linux\/arm64 natively; leave it out/,
    ],
    ["the node's own", [remote("linux/amd64", ["linux/amd64"])], /node amd64 serves linux\/amd64 natively/],
    ["one that is there twice", [remote("linux/amd64", ["linux/386", "linux/386"])], /linux\/386 is there twice/],
    [
      "another node's further one",
      [remote("linux/amd64", ["linux/s390x"]), remote("linux/arm64", ["linux/s390x"])],
      /node arm64 has linux\/s390x too, and amd64 would never get it|name it at one of them/,
    ],
    [
      "not what the other nodes of its platform have",
      [remote("linux/amd64", ["linux/386"]), remote("linux/amd64", undefined, "other")],
      /nodes of one platform build the same ones, and node amd64-2 has \[\]/,
    ],
    ["no platform", [remote("linux/amd64", ["linux/z80" as Platform])], /"linux\/z80" is none of/],
  ] as const) {
    it(`${what}: refused`, () => assert.throws(() => check(...nodes), { message }));
  }

  it("are registered as `buildx create --platform` with several writes them", () => {
    const node = { name: "amd64", endpoint: "tcp://a:1234", platform: "linux/amd64" as const };
    const text = remoteRegistration("b", [{ ...node, additionalPlatforms: ["linux/arm/v7"] }]);
    const platforms = [
      { architecture: "amd64", os: "linux" },
      { architecture: "arm", os: "linux", variant: "v7" },
    ];
    assert.deepEqual((JSON.parse(text) as { Nodes: { Platforms: object[] }[] }).Nodes[0].Platforms, platforms);
    assert.match(engineRegistration("b", "unix:///s", ["linux/amd64", "linux/arm/v7"]), /"variant":"v7"/);
  });
});

describe("settings of a local node", () => {
  const plain = { registryMirrors: {}, insecureRegistries: [] };
  const limited = { ...plain, maxParallelism: 2, registryMirrors: { "docker.io": ["mirror.example.com"] } };

  it("make a daemon of its own, and none leave it where it was", () => {
    assert.equal(localNodeName("linux/arm64", plain), "linux-arm64");
    assert.match(localNodeName("linux/arm64", limited), /^linux-arm64-[0-9a-f]{8}$/);
  });

  it("are in buildkitd.toml", () => {
    const files = localNodeFiles("/node", "/sockets");
    assert.match(buildkitdConfig(files, limited), /max-parallelism = 2\ngc = true/);
    assert.match(
      buildkitdConfig(files, limited),
      /\n\[registry\."docker\.io"\]\nmirrors = \["mirror\.example\.com"\]\n$/,
    );
    assert.doesNotMatch(buildkitdConfig(files, plain), /max-parallelism|registry/);
  });
});
