import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { type Spec, Stack } from "./stack";

const files: [file: string, content: string, mode: number][] = [
  ["app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY run /${TARGETARCH}\n", 0o644],
  ["app/run", "#!/bin/sh\n", 0o755],
];

describe("the same source on another machine", function () {
  this.timeout(300_000);
  let machines: Machines;
  let first: Stack;
  let spec: Spec;
  const project = "machines";

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/machines:1`] };
    spec = { builder: { nodes: [machines.amd64.remoteNode()] }, images: { app: image } };
    first = await Stack.create(spec, { project, environment: trusting(machines.registry) });
    files.forEach(([file, content, mode]) => first.write(file, content, mode));
    const { code, output } = await first.up();
    assert.equal(code, 0, output);
  });

  it("with an empty buildx store, another checkout and another HOME: no diff, no connection", async () => {
    const second = await Stack.create(spec, {
      project,
      backend: first.backend,
      environment: trusting(machines.registry),
    });
    files.forEach(([file, content, mode]) => second.write(file, content, mode));
    assert.notEqual(second.directory, first.directory);
    assert.notEqual(second.home, first.home);
    const before = await machines.amd64.connections();
    const preview = await second.preview("--expect-no-changes");
    assert.equal(preview.code, 0, preview.output);
    const up = await second.up("--expect-no-changes");
    assert.equal(up.code, 0, up.output);
    assert.equal(await machines.amd64.connections(), before);
  });

  it("with other nodes, `local` instead of `remote` and the other way round: no diff", async () => {
    first.declare({ ...spec, builder: { nodes: [{ kind: "local", platform: "linux/amd64" }] } });
    const local = await first.up("--expect-no-changes");
    assert.equal(local.code, 0, local.output);
    first.declare(spec);
    const remote = await first.up("--expect-no-changes");
    assert.equal(remote.code, 0, remote.output);
  });
});
