import * as assert from "node:assert/strict";

import { type Bucket, startBucket } from "../cloud/s3";
import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { readAll, Stack } from "../main/stack";
import { readManifest } from "./image";

const platforms = ["linux/amd64", "linux/386"];
/** Given, and the caller's own. */
const accessKeyId = "AKIA2TESTS4CACHES7AB";
const secretAccessKey = "of-the-cache-alone-6f0d";

describe("caches in S3", function () {
  this.timeout(600_000);
  let machines: Machines;
  let bucket: Bucket;
  let node: NamespaceNode;
  let stack: Stack;
  let keys: string[];
  let output = "";
  /** Of each platform, before and after the node was replaced. */
  let layers: Record<string, string[]>[];

  before(async function () {
    skipWithout(this, ["namespaces", "python", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    bucket = await startBucket(run, network.address, "caches");
    node = await startNamespaceNode(run, network, authority, { name: "s3", registries: registry.trusted });
    const caller = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    stack = await Stack.create({ builder: {}, images: {} }, { environment: { ...trusting(registry), ...caller } });
    stack.write(
      "app/Dockerfile",
      [
        ...["FROM scratch AS build", "ARG TARGETARCH", "COPY first /${TARGETARCH}/"],
        ...["FROM scratch", "COPY second /second/", "COPY greeting /", "COPY --from=build / /", ""],
      ].join("\n"),
    );
    stack.write("app/first", "1");
    stack.write("app/second", "2");
    stack.write("app/greeting", "hello\n");
    stack.write("accessKeyId", accessKeyId);
    stack.write("secretAccessKey", secretAccessKey);
    layers = [await build()];
    keys = await bucket.keys();
    await node.replace();
    stack.write("app/greeting", "good day\n");
    layers.push(await build());
  });

  function spec() {
    const place = { bucket: bucket.name, region: bucket.region, endpointUrl: bucket.endpointUrl, name: "app" };
    const s3 = { ...place, usePathStyle: true };
    const key = (kind: string) => ({ accessKeyId: `${kind}:accessKeyId`, secretAccessKey: `${kind}:secretAccessKey` });
    return {
      builder: { nodes: [{ ...node.remoteNode(), additionalPlatforms: ["linux/386"] }] },
      images: {
        app: {
          context: "./app",
          platforms,
          tags: [`${machines.registry.host}/s3:1`],
          cacheTo: [{ s3: { ...s3, ...key("secret"), mode: "max" } }, { s3: { ...s3, name: "keyless" } }],
          // Even one that the program has made no secret.
          cacheFrom: [{ s3: { ...s3, ...key("file") } }],
        },
      },
    };
  }

  async function build(): Promise<Record<string, string[]>> {
    stack.declare(spec());
    const up = await stack.up();
    output += up.output;
    assert.equal(up.code, 0, up.output);
    return readLayers();
  }

  it("recipe 16: s3: each platform has a name of its own in the bucket, and no other is taken, with the caller's keys or given ones", () => {
    const manifests = keys.filter((key) => key.startsWith("manifests/"));
    const names = ["app-linux-386", "app-linux-amd64", "keyless-linux-386", "keyless-linux-amd64"];
    assert.deepEqual(
      manifests,
      names.map((name) => `manifests/${name}`),
    );
    assert.ok(keys.some((key) => key.startsWith("blobs/sha256:")));
  });

  // A step that is run again makes folders with new times, and so another layer. The last one needs a stage that is no
  // part of the image, so that only `max` has it.
  for (const platform of platforms) {
    it(`recipe 16: s3: a new node finds all steps of ${platform} but the changed one cached`, () => {
      const [before, after] = layers.map((each) => each[platform]);
      assert.equal(before.length, 3);
      assert.deepEqual([after[0], after[2]], [before[0], before[2]]);
      assert.notEqual(after[1], before[1]);
    });
  }

  it("recipe 16: s3: keys are in no log, not in the state in clear, and in no file of the caller's home", () => {
    for (const text of [output, stack.stateText(), readAll(stack.home)]) {
      assert.ok(!text.includes(secretAccessKey));
      assert.ok(!text.includes(accessKeyId));
    }
  });

  async function readLayers(): Promise<Record<string, string[]>> {
    const { app } = await stack.outputs<{ app: { platformDigests: Record<string, string> } }>();
    const found: Record<string, string[]> = {};
    for (const [platform, digest] of Object.entries(app.platformDigests)) {
      const manifest = await readManifest(machines.registry, `${machines.registry.host}/s3@${digest}`);
      found[platform] = (manifest.layers ?? []).map((layer) => layer.digest);
    }
    return found;
  }
});
