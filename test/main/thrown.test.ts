import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getBaseImage, getMachines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

describe("a program that throws while an image is built", function () {
  this.timeout(120_000);

  // The error is told at the second image, whose URN is known only after the first is built: images here are declared one
  // after the other.
  it("ends with its error, and the build does not hang", async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    const { amd64, registry } = await getMachines();
    const image = (name: string, platforms: string[]) => ({
      context: "./app",
      platforms,
      tags: [`${registry.host}/thrown-${name}:1`],
    });
    const images = {
      first: image("first", ["linux/amd64"]),
      second: image("second", ["linux/amd64", "linux/386"]),
    };
    const stack = await Stack.create(
      { builder: { nodes: [amd64.remoteNode()] }, images },
      { environment: trusting(registry) },
    );
    stack.write("app/Dockerfile", `FROM ${await getBaseImage()}\nRUN sleep 5\n`);
    const { code, output, seconds } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /linux\/386, and no node of the builder serves it/);
    assert.ok(seconds < 60, output);
  });
});
