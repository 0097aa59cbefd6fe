import * as assert from "node:assert/strict";

import { nodeSetOf } from "../../components/nodes/nodeSets";
import { record } from "../ec2/timings";
import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { inspectIndex, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { readManifest } from "../recipes/image";
import { runsAll } from "../tier";
import { diagnostics } from "./outcome";

const project = "spread";
/** Each node set gets some of them. */
const names = Array.from({ length: runsAll ? 8 : 4 }, (_, at) => `image-${at + 1}`);
const nodeSetOfImage = (name: string) =>
  nodeSetOf(`urn:pulumi:dev::${project}::multi-platform-image:index:MultiPlatformImage::${name}`, 2);

describe("two nodes for arm64 and two for amd64", function () {
  this.timeout(900_000);
  let machines: Machines;
  let stack: Stack;
  let arm64: NamespaceNode[];
  let amd64: NamespaceNode[];

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const another = (name: string, platform: "linux/amd64" | "linux/arm64") =>
      startNamespaceNode(run, network, authority, { name, platform, registries: registry.trusted });
    arm64 = [await another("arm1", "linux/arm64"), await another("arm2", "linux/arm64")];
    amd64 = [machines.amd64, await another("second", "linux/amd64")];
    const nodes = [amd64[0], arm64[0], amd64[1], arm64[1]].map((node) => node.remoteNode());
    const images = names.map((name) => [name, { context: `./${name}`, tags: [tagOf(name)] }]);
    stack = await Stack.create(
      { builder: { nodes }, images: Object.fromEntries(images) as Record<string, unknown> },
      { program: `${__dirname}/program`, project, environment: trusting(registry) },
    );
    for (const name of names) {
      const steps = "COPY name /out/${TARGETARCH}/name\nCOPY later /later";
      stack.write(`${name}/Dockerfile`, `FROM scratch\nARG TARGETARCH\n${steps}\n`);
      stack.write(`${name}/name`, `${name}\n`);
      stack.write(`${name}/later`, "first\n");
    }
  });

  const tagOf = (name: string) => `${machines.registry.host}/${name}:1`;

  /** The first layer of each image and platform: another one, if its step ran again and made the folders anew. */
  async function firstLayers(): Promise<Record<string, string>> {
    const outputs = await stack.outputs<Record<string, { indexDigest: string }>>();
    const layers: Record<string, string> = {};
    for (const name of names) {
      const { digest, platformDigests } = await inspectIndex(machines.registry, tagOf(name));
      assert.equal(outputs[name].indexDigest, digest);
      assert.deepEqual(Object.keys(platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
      for (const [platform, each] of Object.entries(platformDigests)) {
        const manifest = await readManifest(machines.registry, `${tagOf(name).replace(/:1$/, "")}@${each}`);
        layers[`${name} ${platform}`] = String(manifest.layers?.[0].digest);
      }
    }
    return layers;
  }

  const counts = (daemons: readonly NamespaceNode[]) =>
    Promise.all(
      daemons.map(async (daemon) => (await daemon.history()).filter(({ status }) => status === "completed").length),
    );

  it("images use all four, each image the same ones each time, where it finds its cache", async () => {
    const perNodeSet = [0, 1].map((nodeSet) => names.filter((name) => nodeSetOfImage(name) === nodeSet).length);
    assert.ok(Math.min(...perNodeSet) >= 1, `images by node set: ${perNodeSet.join()}`);
    const [arm64Before, amd64Before] = [await counts(arm64), await counts(amd64)];
    const expected = (before: number[], builds: number) => before.map((count, at) => count + builds * perNodeSet[at]);
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    record("remote", `${names.length} images on two arm64 and two amd64 nodes, first builds`, first.seconds);
    assert.equal(diagnostics(first).match(/ is awake/g)?.length, 4, first.output);
    assert.deepEqual(await counts(arm64), expected(arm64Before, 1));
    assert.deepEqual(await counts(amd64), expected(amd64Before, 1));
    const before = await firstLayers();
    assert.equal(new Set(Object.values(before)).size, 2 * names.length);

    names.forEach((name) => stack.write(`${name}/later`, "second\n"));
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
    record("remote", `${names.length} images on two arm64 and two amd64 nodes, a later file changed`, second.seconds);
    assert.deepEqual(await counts(arm64), expected(arm64Before, 2));
    assert.deepEqual(await counts(amd64), expected(amd64Before, 2));
    assert.deepEqual(await firstLayers(), before);
  });

  it("an update without a change asks nobody", async () => {
    const { code, output } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /is awake|registered/);
  });
});
