import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { BuildHost, Registry } from "../hosts";
import { elfMachines, inspectIndex, pullFiles, trusting } from "./image";
import { Stack } from "./stack";

interface Outputs {
  app: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
}

export interface TwoNodes {
  registry: Registry;
  amd64: BuildHost;
  arm64: BuildHost;
  /** An image of both platforms, with a shell. */
  base: string;
  /** Whether the arm64 node is a machine of that platform, or only copies files. */
  runsSteps: boolean;
}

const platforms = ["linux/amd64", "linux/arm64"];

/** What a Dockerfile makes of the base image: by steps, or where those can't run by copies alone. */
const stage = {
  steps:
    "RUN mkdir /out && cp /bin/true /out/true && uname -m > /out/machine\nFROM scratch\nCOPY --from=build /out /\n",
  copies: "FROM scratch\nCOPY --from=build /bin/true /true\n",
};

/** From a preview to a second image, in this order: the same of a real arm64 machine and of a node that only says so. */
export function buildsOnTwoNodes(open: () => Promise<TwoNodes>): void {
  let setup: TwoNodes;
  let stack: Stack;
  let tag: string;

  before(async () => {
    setup = await open();
    tag = `${setup.registry.host}/app:1`;
    stack = await Stack.create(specOf(), { environment: trusting(setup.registry) });
    stack.write(
      "app/Dockerfile",
      `FROM ${setup.base} AS build\nCOPY greeting /greeting\n${stage[setup.runsSteps ? "steps" : "copies"]}COPY greeting /\n`,
    );
    stack.write("app/greeting", "hello\n");
  });

  function specOf(image: Record<string, unknown> = {}) {
    const nodes = [setup.amd64.remoteNode(), setup.arm64.remoteNode()];
    return { builder: { nodes }, images: { app: { context: "./app", platforms, tags: [tag], ...image } } };
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
    const [amd64Before, arm64Before] = [await setup.amd64.history(), await setup.arm64.history()];
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const newOn = async (host: BuildHost, before: unknown[]) =>
      (await host.history()).slice(before.length).flatMap(({ platforms }) => platforms);
    assert.deepEqual(await newOn(setup.amd64, amd64Before), ["linux/amd64"]);
    assert.deepEqual(await newOn(setup.arm64, arm64Before), ["linux/arm64"]);
  });

  it("exports what is in the registry", async () => {
    const { app } = await stack.outputs<Outputs>();
    const index = await inspectIndex(setup.registry, tag);
    assert.equal(app.indexDigest, index.digest);
    assert.equal(app.ref, `${tag}@${index.digest}`);
    assert.deepEqual(app.platformDigests, index.platformDigests);
    assert.deepEqual(Object.keys(app.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });

  it("recipe 21: holds a binary of its platform in each manifest", async () => {
    const { app } = await stack.outputs<Outputs>();
    const repository = tag.slice(0, tag.lastIndexOf(":"));
    for (const [platform, machine, elf] of [
      ["linux/amd64", "x86_64", elfMachines.amd64],
      ["linux/arm64", "aarch64", elfMachines.arm64],
    ] as const) {
      const files = await pullFiles(setup.registry, `${repository}@${app.platformDigests[platform]}`);
      assert.equal(fs.readFileSync(path.join(files, "true")).readUInt16LE(18), elf, platform);
      if (setup.runsSteps) assert.equal(fs.readFileSync(path.join(files, "machine"), "utf8"), `${machine}\n`);
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
      `FROM node:20 AS build\n${setup.runsSteps ? "RUN uname -m > /machine" : "COPY Dockerfile /machine"}\nFROM node:20\nCOPY --from=build /machine /\n`,
    );
    const context = {
      location: "./other",
      named: { "docker.io/library/node:20": { location: `docker-image://${setup.base}` } },
    };
    stack.declare(specOf({ context, tags: [tag.replace("app:1", "other:1")] }));
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { app } = await stack.outputs<Outputs>();
    assert.deepEqual(Object.keys(app.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });

  async function connections(): Promise<number[]> {
    return [await setup.amd64.connections(), await setup.arm64.connections()];
  }
}
