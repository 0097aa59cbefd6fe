import * as assert from "node:assert/strict";

import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { inspectIndex, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { readConfiguration, readFiles, readManifest } from "./image";

const further = ["linux/arm64", "linux/arm/v7", "linux/ppc64le", "linux/riscv64", "linux/s390x"];
const all = ["linux/amd64", "linux/386", ...further];

interface Outputs {
  cross: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
}

describe("platforms of one node", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let outputs: Outputs;
  let output: string;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/platforms:1`;
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/386", ...further] };
    const images = {
      cross: { context: "./app", platforms: all, tags: [tag] },
      // What runs natively although it is of another platform needs no emulator.
      native: { context: "./native", platforms: ["linux/386"], tags: [tag.replace(":1", ":386")] },
    };
    stack = await Stack.create({ builder: { nodes: [node] }, images }, { environment: trusting(machines.registry) });
    stack.write("app/Dockerfile", dockerfile(await getBaseImage()));
    stack.write("app/amd64.conf", "of amd64\n");
    stack.write("app/others.conf", "of all others\n");
    stack.write("native/Dockerfile", 'FROM scratch\nCOPY exit /\nRUN ["/exit"]\n');
    stack.write("native/exit", exitOf386, 0o755);
    const up = await stack.up();
    output = up.output;
    assert.equal(up.code, 0, output);
    outputs = await stack.outputs<Outputs>();
  });

  const filesOf = (platform: string) =>
    readFiles(machines.registry, `${tag.replace(":1", "")}@${outputs.cross.platformDigests[platform]}`);

  it("recipe 9: indexDigest and platformDigests are what `imagetools inspect` shows", async () => {
    const index = await readManifest(machines.registry, tag);
    assert.equal(index.mediaType, "application/vnd.oci.image.index.v1+json");
    assert.deepEqual(
      new Set(index.manifests?.map(({ mediaType }) => mediaType)),
      new Set(["application/vnd.oci.image.manifest.v1+json"]),
    );
    assert.deepEqual(Object.keys(outputs.cross.platformDigests).sort(), [...all].sort());
    assert.deepEqual(
      Object.values(outputs.cross.platformDigests).sort(),
      index.manifests?.map(({ digest }) => digest).sort(),
    );
    assert.equal(outputs.cross.indexDigest, (await inspectIndex(machines.registry, tag)).digest);
  });

  it("recipe 10: a client gets its platform by the tag, and each platform by its digest", async () => {
    for (const architecture of ["amd64", "arm64", "s390x"]) {
      const byTag = await readConfiguration(machines.registry, tag, architecture);
      assert.equal(byTag.architecture, architecture);
      const digest = outputs.cross.platformDigests[`linux/${architecture}`];
      const byDigest = await readConfiguration(machines.registry, `${tag.replace(":1", "")}@${digest}`, architecture);
      assert.deepEqual(byDigest, byTag);
    }
  });

  it("recipe 13, 15: a stage of $BUILDPLATFORM runs natively and knows what it builds for", async () => {
    assert.equal((await filesOf("linux/amd64"))["target"], "linux/amd64 linux amd64  on linux/amd64 x86_64\n");
    assert.equal((await filesOf("linux/arm64"))["target"], "linux/arm64 linux arm64  on linux/amd64 x86_64\n");
    assert.equal((await filesOf("linux/arm/v7"))["target"], "linux/arm/v7 linux arm v7 on linux/amd64 x86_64\n");
    assert.equal((await filesOf("linux/s390x"))["target"], "linux/s390x linux s390x  on linux/amd64 x86_64\n");
  });

  it("recipe 14: steps and stages that depend on the architecture", async () => {
    const [amd64, arm64] = [await filesOf("linux/amd64"), await filesOf("linux/arm64")];
    assert.deepEqual([amd64["case"], amd64["conf"]], ["x64\n", "of amd64\n"]);
    assert.deepEqual([arm64["case"], arm64["conf"]], ["aarch64\n", "of all others\n"]);
  });

  it("recipe 15: the log says for which platforms RUN steps won't do, and linux/386 is native on amd64", () => {
    assert.match(output, new RegExp(`has no emulator for ${further.join(", ")}: no RUN for it`));
    assert.match(output, /RUN \["?\/exit"?\]|RUN \/exit/);
  });

  it("recipe 12, 22: a RUN step of a platform without emulator fails, and the cause and the fix are told", async () => {
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const app = { context: "./run", platforms: ["linux/arm64"], tags: [tag] };
    stack.declare({ builder: { nodes: [node] }, images: { app } });
    stack.write("run/Dockerfile", `FROM ${await getBaseImage()}\nRUN true\n`);
    const { code, output: said } = await stack.up();
    assert.notEqual(code, 0, said);
    assert.match(said, /exec format error/);
    assert.match(said, /node amd64 .* has no emulator for linux\/arm64: RUN steps for it need one, or a machine of it/);
  });

  it("recipe 12: a platform that another node serves natively is refused as a further one", async () => {
    const nodes = [
      { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] },
      { ...machines.amd64.remoteNode(), platform: "linux/arm64", endpoint: "tcp://192.0.2.1:1234" },
    ];
    stack.declare({ builder: { nodes }, images: {} });
    const { code, output: said } = await stack.up();
    assert.notEqual(code, 0, said);
    assert.match(said, /`nodes\[0\]\.additionalPlatforms`.*node arm64 serves linux\/arm64 natively; leave it out/);
  });

  describe("with an emulator", () => {
    let emulating: NamespaceNode;

    before(async function () {
      skipWithout(this, ["emulation"]);
      const { run, network, authority, registry } = machines;
      const options = { name: "recipes-emulate", emulates: ["arm64" as const], registries: registry.trusted };
      emulating = await startNamespaceNode(run, network, authority, options);
    });

    it("recipe 12: the platform goes to the node that was asked to take it", async () => {
      const node = { ...emulating.remoteNode(), additionalPlatforms: ["linux/arm64"] };
      const app = { context: "./copy", platforms: ["linux/amd64", "linux/arm64"], tags: [tag.replace(":1", ":2")] };
      stack.declare({ builder: { nodes: [node] }, images: { app } });
      stack.write("copy/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
      const { code, output: said } = await stack.up();
      assert.equal(code, 0, said);
      assert.doesNotMatch(said, /has no emulator/);
      const [build] = (await emulating.history()).slice(-1);
      assert.deepEqual(build.platforms.sort(), ["linux/amd64", "linux/arm64"]);
    });
  });
});

const dockerfile = (base: string) => `FROM --platform=$BUILDPLATFORM ${base} AS build
ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM
RUN echo "$TARGETPLATFORM $TARGETOS $TARGETARCH $TARGETVARIANT on $BUILDPLATFORM $(uname -m)" > /target
RUN case "$TARGETARCH" in amd64) echo x64 ;; arm64) echo aarch64 ;; *) echo "$TARGETARCH" ;; esac > /case
FROM scratch AS of-amd64
COPY amd64.conf /conf
FROM scratch AS of-others
COPY others.conf /conf
FROM of-amd64 AS for-amd64
FROM of-others AS for-arm64
FROM of-others AS for-386
FROM of-others AS for-arm
FROM of-others AS for-ppc64le
FROM of-others AS for-riscv64
FROM of-others AS for-s390x
FROM for-\${TARGETARCH}
COPY --from=build /target /case /
`;

/** A program for Linux on 32-bit x86 that ends well, the shortest there is: ELF's two headers, and exit(0). */
const exitOf386 = (() => {
  const code = Buffer.from("31c0 40 31db cd80".replaceAll(" ", ""), "hex");
  const [base, headers] = [0x08048000, 84];
  const file = Buffer.alloc(headers + code.length);
  Buffer.from("7f454c46010101", "hex").copy(file);
  for (const [at, value] of [
    [16, 2],
    [18, 3],
    [40, 52],
    [42, 32],
    [44, 1],
  ]) {
    file.writeUInt16LE(value, at);
  }
  for (const [at, value] of [
    [20, 1],
    [24, base + headers],
    [28, 52],
    [52, 1],
    [60, base],
    [64, base],
    [68, file.length],
    [72, file.length],
    [76, 5],
    [80, 0x1000],
  ]) {
    file.writeUInt32LE(value, at);
  }
  code.copy(file, headers);
  return file;
})();
