import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { getArm64, getDebianImage, getMachines, type Machines } from "../main/fixture";
import { temporaryDirectory } from "../main/stack";
import { nightly } from "../tier";
import * as hosts from ".";

nightly.describe("the arm64 host of the tests", function () {
  this.timeout(900_000);
  let machines: Machines;
  let arm64: hosts.Arm64Machine;

  before(async function () {
    hosts.skipWithout(this, ["debian roots", "arm64 machine"]);
    machines = await getMachines();
    arm64 = await getArm64();
  });

  it("has an arm64 kernel, and no other platform's emulator", async () => {
    const platforms = await arm64.platforms();
    assert.equal(platforms[0], "linux/arm64");
    assert.ok(!platforms.includes("linux/amd64"), platforms.join());
  });

  it("runs the steps of its platform on its own kernel, beside one for x86, on Debian for both", async () => {
    const base = await getDebianImage();
    const connections = await arm64.connections();
    for (const [node, machine, architecture] of [
      [machines.amd64, "x86_64", "amd64"],
      [arm64, "aarch64", "arm64"],
    ] as const) {
      const check = `test "$(uname -m) $(dpkg --print-architecture)" = "${machine} ${architecture}"`;
      await build(node, `FROM ${base}\nRUN ${check} && grep -q trixie /etc/os-release\n`);
      assert.deepEqual((await node.history()).at(-1)?.platforms, [node.platform]);
    }
    assert.equal(await arm64.connections(), connections);
  });

  it("keeps its builds when it is stopped, and when it is killed", async () => {
    const builds = (await arm64.history()).length;
    await arm64.stop();
    await arm64.start();
    assert.equal((await arm64.history()).length, builds);
    await arm64.kill();
    await arm64.start();
    assert.equal((await arm64.history()).length, builds);
  });
});

async function build(node: hosts.BuildHost, dockerfile: string): Promise<void> {
  const folder = temporaryDirectory("context");
  await writeFile(join(folder, "Dockerfile"), dockerfile);
  const locals = ["--local", `context=${folder}`, "--local", `dockerfile=${folder}`];
  await node.buildctl(["build", "--frontend", "dockerfile.v0", ...locals, "--opt", `platform=${node.platform}`]);
}
