import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import { getArm64, getBaseImage, getDebianImage, getMachines, type Machines } from "./fixture";
import { elfMachines, inspectIndex, pullFiles, trusting } from "./image";
import { Stack } from "./stack";
import type { BuildHost } from "../hosts";
import { runsAll } from "../tier";

interface Outputs {
  app: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
}

const bases = { context: "./app", platforms: ["linux/amd64", "linux/arm64"] };

describe("one image on two nodes, each a host of its own", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let arm64: BuildHost;
  let stack: Stack;
  let base: string;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "arm64 machine", "debian roots", "skopeo"]);
    machines = await getMachines();
    arm64 = await getArm64();
    // An emulated processor takes a minute to unpack Debian.
    base = runsAll ? await getDebianImage() : await getBaseImage();
    tag = `${machines.registry.host}/app:1`;
    stack = await Stack.create(spec(), { environment: trusting(machines.registry) });
    stack.write(
      "app/Dockerfile",
      `FROM ${base} AS build\nCOPY greeting /greeting\nRUN mkdir /out && cp /bin/true /out/true && uname -m > /out/machine\nFROM scratch\nCOPY --from=build /out /\nCOPY greeting /\n`,
    );
    stack.write("app/greeting", "hello\n");
  });

  function spec(image: Record<string, unknown> = {}) {
    const nodes = [machines.amd64.remoteNode(), arm64.remoteNode()];
    return { builder: { nodes }, images: { app: { ...bases, tags: [tag], ...image } } };
  }

  it("a preview starts nothing and builds nothing", async () => {
    const before = await connections();
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.deepEqual(await connections(), before);
  });

  it("has neither docker nor buildx nor buildctl on its PATH", () => {
    assert.deepEqual(stack.programs(), ["node", "pulumi", "pulumi-language-nodejs"]);
  });

  it("recipe 2, 6: builds each platform on its own node and pushes one index", async () => {
    const [amd64Before, arm64Before] = [await machines.amd64.history(), await arm64.history()];
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const newOn = async (host: BuildHost, before: unknown[]) =>
      (await host.history()).slice(before.length).flatMap(({ platforms }) => platforms);
    assert.deepEqual(await newOn(machines.amd64, amd64Before), ["linux/amd64"]);
    assert.deepEqual(await newOn(arm64, arm64Before), ["linux/arm64"]);
  });

  it("exports what is in the registry", async () => {
    const { app } = await stack.outputs<Outputs>();
    const index = await inspectIndex(machines.registry, tag);
    assert.equal(app.indexDigest, index.digest);
    assert.equal(app.ref, `${tag}@${index.digest}`);
    assert.deepEqual(app.platformDigests, index.platformDigests);
    assert.deepEqual(Object.keys(app.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });

  it("recipe 21: holds a binary of its platform in each manifest, made on a machine of it", async () => {
    const { app } = await stack.outputs<Outputs>();
    const repository = tag.slice(0, tag.lastIndexOf(":"));
    for (const [platform, machine, elf] of [
      ["linux/amd64", "x86_64", elfMachines.amd64],
      ["linux/arm64", "aarch64", elfMachines.arm64],
    ] as const) {
      const files = await pullFiles(machines.registry, `${repository}@${app.platformDigests[platform]}`);
      assert.equal(fs.readFileSync(path.join(files, "machine"), "utf8"), `${machine}\n`);
      assert.equal(fs.readFileSync(path.join(files, "true")).readUInt16LE(18), elf, platform);
    }
  });

  it("a second up: no change, no hook, no connection to any node", async () => {
    const before = await connections();
    const { code, output } = await stack.up("--diff");
    assert.equal(code, 0, output);
    assert.match(output, /unchanged/);
    assert.doesNotMatch(output, /updated|created|is awake|registered/);
    assert.deepEqual(await connections(), before);
  });

  it("a changed file: an update, on both nodes, with the unchanged steps cached", async () => {
    stack.write("app/greeting", "good day\n");
    const before = (await stack.outputs<Outputs>()).app.indexDigest;
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /1 updated/);
    assert.match(output, /CACHED/);
    assert.notEqual((await stack.outputs<Outputs>()).app.indexDigest, before);
  });

  it("an unmodified multi-stage Dockerfile takes its base image through a named context", async () => {
    stack.write(
      "other/Dockerfile",
      "FROM node:20 AS build\nRUN uname -m > /machine\nFROM node:20\nCOPY --from=build /machine /\n",
    );
    const context = {
      location: "./other",
      named: { "docker.io/library/node:20": { location: `docker-image://${base}` } },
    };
    stack.declare(spec({ context, tags: [tag.replace("app:1", "other:1")] }));
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { app } = await stack.outputs<Outputs>();
    assert.deepEqual(Object.keys(app.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });

  async function connections(): Promise<number[]> {
    return [await machines.amd64.connections(), await arm64.connections()];
  }
});
