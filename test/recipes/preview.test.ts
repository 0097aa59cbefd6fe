import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import * as lockfile from "proper-lockfile";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";

describe("preview", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    stack = await Stack.create(spec("first", "second"), { environment: trusting(machines.registry) });
    for (const name of ["first", "second"]) {
      stack.write(`${name}/Dockerfile`, "FROM scratch\nCOPY Dockerfile /\n");
    }
  });

  function spec(...names: string[]) {
    // Nothing listens there, and nothing may ask.
    const arm64 = { kind: "remote", platform: "linux/arm64", endpoint: "tcp://192.0.2.1:1234" };
    const nodes = [machines.amd64.remoteNode(), arm64];
    const images = names.map((name) => {
      const tags = [`${machines.registry.host}/preview-${name}:1`];
      return [name, { context: `./${name}`, tags, platforms: ["linux/amd64"] }];
    });
    return { builder: { nodes }, images: Object.fromEntries(images) as Record<string, unknown>, outputs: ["ref"] };
  }

  it("tells of a new image, and calls no node", async () => {
    const before = await machines.amd64.connections();
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    for (const name of ["first", "second"]) {
      const text = `image ${name} would be built: it is new, or replaced\n +on node amd64 \\(linux/amd64; remote, runs already\\)`;
      assert.match(output, new RegExp(text));
    }
    assert.doesNotMatch(output, /node arm64/);
    assert.equal(await machines.amd64.connections(), before);
  });

  it("tells why an image would be built, and nothing of those that would not", async () => {
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    assert.match(up.output, /building image first: it is new, or replaced/);
    const before = await machines.amd64.connections();
    stack.write("second/added", "1");
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(output, /image second would be built: context: added added\n/);
    assert.doesNotMatch(output, /image first/);
    assert.equal(await machines.amd64.connections(), before);
  });

  it("is silent when nothing has changed", async () => {
    stack.declare(spec("first"));
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /would be built/);
  });

  it("builds nothing with `buildOnPreview` on a builder's nodes, and does not fail, before the first update and after it", async () => {
    const nodes = [machines.amd64.remoteNode()];
    const files = { context: "./app", push: false, exports: [{ local: { dest: "./out" } }], buildOnPreview: true };
    const app = { ...files, platforms: ["linux/amd64"] };
    const other = await Stack.create({ builder: { nodes }, images: { app }, outputs: ["indexDigest"] });
    other.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const before = await machines.amd64.connections();
    const first = await other.preview();
    assert.equal(first.code, 0, first.output);
    assert.equal(await machines.amd64.connections(), before);
    const up = await other.up();
    assert.equal(up.code, 0, up.output);
    other.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /changed\n");
    const { code, output } = await other.preview();
    assert.equal(code, 0, output);
    assert.match(output, /image app would be built/);
  });

  nightly.it("says so while another update is at the copies of contexts, and goes on after it", async () => {
    stack.declare(spec("first"));
    const folder = path.join(stack.directory, ".multi-platform-image");
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const release = await lockfile.lock(folder, { lockfilePath: `${folder}/lock` });
    const preview = stack.start("preview");
    await waitFor(
      "the words",
      () => /copying the build context, one update after the other, \d+ s/.test(preview.output()),
      60,
    );
    await release();
    const { code, output } = await preview.done;
    assert.equal(code, 0, output);
  });

  it("is a plan that an update keeps to, and that another one does not", async () => {
    const environment = { ...trusting(machines.registry), PULUMI_EXPERIMENTAL: "true" };
    const planned = await Stack.create(spec("planned"), { environment });
    planned.write("planned/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const preview = await planned.preview("--save-plan", "plan.json");
    assert.equal(preview.code, 0, preview.output);
    const up = await planned.up("--plan", "plan.json");
    assert.equal(up.code, 0, up.output);
    planned.write("planned/Dockerfile", "FROM scratch\nCOPY Dockerfile /other\n");
    const other = await planned.up("--plan", "plan.json");
    assert.notEqual(other.code, 0, other.output);
    assert.match(other.output, /violates plan/);
    // It has the outputs of the component under their names, not the characters of a word that stands for the unknown.
    assert.match(planned.stateText(), /"outputs":\{"indexDigest":"sha256:/);
  });
});
