import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { skopeo, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { readManifest } from "./image";

const platforms = ["linux/amd64", "linux/arm64"];

describe("caches of an image with several platforms", function () {
  this.timeout(900_000);
  let machines: Machines;
  let arm64: NamespaceNode;
  let stack: Stack;
  /** Of each image and platform, before and after nodes lost their caches. */
  let layers: Record<string, string[]>[];

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const options = { name: "arm64", platform: "linux/arm64" as const, registries: registry.trusted };
    arm64 = await startNamespaceNode(run, network, authority, options);
    stack = await Stack.create(spec(), { environment: trusting(machines.registry) });
    // Copying is a step like any other, and works on a node that is of its platform by name alone.
    stack.write(
      "app/Dockerfile",
      [
        ...["FROM scratch AS build", "ARG KIND", "ARG TARGETARCH", "COPY first /${KIND}/${TARGETARCH}"],
        ...["FROM scratch", "ARG KIND", "COPY second /second/${KIND}", "COPY --from=build / /", "COPY greeting /", ""],
      ].join("\n"),
    );
    stack.write("app/first", "1");
    stack.write("app/second", "2");
    stack.write("app/greeting", "hello\n");
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    layers = [await readLayers()];
  });

  function spec() {
    const { host } = machines.registry;
    const image = (kind: string, caches: object) => ({
      context: "./app",
      platforms,
      tags: [`${host}/caches/${kind}:1`],
      buildArgs: { KIND: kind },
      ...caches,
    });
    const ref = `${host}/caches/registry:cache`;
    return {
      builder: { nodes: [machines.amd64.remoteNode(), arm64.remoteNode()] },
      outputs: ["platformDigests"],
      images: {
        registry: image("registry", {
          cacheTo: [{ registry: { ref, mode: "max" } }],
          cacheFrom: [{ registry: { ref: `${host}/caches/registry:absent` } }, { registry: { ref } }],
        }),
        local: image("local", {
          cacheTo: [{ local: { dest: "./cache", mode: "max" } }],
          cacheFrom: [{ local: { src: "./cache" } }],
        }),
        inline: image("inline", {
          cacheTo: [{ inline: {} }],
          cacheFrom: [{ registry: { ref: `${host}/caches/inline:1` } }],
        }),
      },
    };
  }

  it("recipe 16: each platform has a place of its own in the registry, and no other is taken", async () => {
    const { host, certificateFolder } = machines.registry;
    const listed = await skopeo("list-tags", "--cert-dir", certificateFolder, `docker://${host}/caches/registry`);
    const { Tags } = JSON.parse(listed) as { Tags: string[] };
    assert.deepEqual(Tags.sort(), ["1", "cache-linux-amd64", "cache-linux-arm64"]);
    const manifest = await readManifest(machines.registry, `${host}/caches/registry:cache-linux-arm64`);
    assert.equal(manifest.mediaType, "application/vnd.oci.image.manifest.v1+json");
  });

  it("recipe 16: a folder has one inside for each platform", () => {
    assert.deepEqual(fs.readdirSync(path.join(stack.directory, "cache")).sort(), ["linux-amd64", "linux-arm64"]);
  });

  it("recipe 16: an up without a change writes no cache and calls no node", async () => {
    const before = [await machines.amd64.connections(), await arm64.connections()];
    const { code, output: said } = await stack.up();
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /updated|created/);
    assert.deepEqual([await machines.amd64.connections(), await arm64.connections()], before);
  });

  it("recipe 16: nodes that have lost their own caches build the last step alone, for both platforms", async () => {
    for (const node of [machines.amd64, arm64]) {
      await node.buildctl(["prune", "--all"]);
    }
    stack.write("app/greeting", "good day\n");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /CACHED/);
    layers.push(await readLayers());
  });

  // A step that is run again makes folders with new times, and so another layer: the log alone may say DONE of a step
  // whose result was fetched.
  for (const [kind, cached] of [
    ["registry", 2],
    ["local", 2],
    // Of other stages than the last it holds nothing.
    ["inline", 1],
  ] as const) {
    for (const platform of platforms) {
      it(`recipe 16: ${kind}: ${platform} was cached`, () => {
        const [before, after] = layers.map((each) => each[`${kind} ${platform}`]);
        assert.deepEqual(after.slice(0, cached), before.slice(0, cached));
        assert.notEqual(after.at(-1), before.at(-1));
      });
    }
  }

  async function readLayers(): Promise<Record<string, string[]>> {
    const outputs = await stack.outputs<Record<string, { platformDigests?: Record<string, string> }>>();
    const found: Record<string, string[]> = {};
    for (const kind of ["registry", "local", "inline"]) {
      for (const [platform, digest] of Object.entries(outputs[kind].platformDigests ?? {})) {
        const ref = `${machines.registry.host}/caches/${kind}@${digest}`;
        const { layers: each = [] } = await readManifest(machines.registry, ref);
        found[`${kind} ${platform}`] = each.map((layer) => layer.digest);
      }
    }
    return found;
  }
});
