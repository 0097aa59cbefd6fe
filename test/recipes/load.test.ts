import * as assert from "node:assert/strict";

import { type DockerEngine, skipWithout, startDockerEngine } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack } from "../main/stack";

describe("load into a Docker engine", function () {
  this.timeout(300_000);
  let machines: Machines;
  let engine: DockerEngine;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces", "docker engine"]);
    machines = await getMachines();
    engine = await startDockerEngine(machines.run, machines.network);
    const environment = { ...trusting(machines.registry), DOCKER_HOST: engine.endpoint };
    stack = await Stack.create(spec(["linux/amd64"]), { environment });
    stack.write("app/Dockerfile", 'FROM scratch\nCOPY Dockerfile /\nCMD ["/app"]\n');
  });

  function spec(platforms: string[]) {
    const app = { context: "./app", platforms, tags: ["loaded:1"], load: true, push: false };
    return { builder: { nodes: [machines.amd64.remoteNode()] }, outputs: ["ref"], images: { app } };
  }

  it("recipe 7: with one platform the image is in the engine", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const image = JSON.parse(await engine.request("GET", "/images/loaded:1/json")) as { Architecture: string };
    assert.equal(image.Architecture, "amd64");
  });

  it("recipe 7: with two it is refused before anything is built", async () => {
    const before = await machines.amd64.connections();
    stack.declare(spec(["linux/amd64", "linux/arm64"]));
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /`load` is true: a Docker engine takes one platform, and `platforms` has linux\/amd64, linux\/arm64/,
    );
    assert.equal(await machines.amd64.connections(), before);
  });
});
