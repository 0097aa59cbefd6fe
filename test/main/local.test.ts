import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import { prepareTools } from "../../tools";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { isRunning } from "./processes";
import { Stack, waitFor } from "./stack";

describe("local nodes", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const tools = await prepareTools(["buildkitd", "runc"]);
    const nodes = ["linux/amd64", "linux/arm64"].map((platform) => ({ kind: "local", platform }));
    const image = { context: "./app", tags: [`${machines.registry.host}/local:1`] };
    const spec = { builder: { nodes, idleTimeoutMinutes: 1 }, images: { app: image } };
    stack = await Stack.create(spec, { environment: trusting(machines.registry), onPath: tools });
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
  });

  it("recipe 1: start when a build needs them, and only then", async () => {
    const preview = await stack.preview();
    assert.equal(preview.code, 0, preview.output);
    assert.deepEqual(daemons(), []);
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.equal(daemons().length, 2);
    const outputs = await stack.outputs<{ nodes: { name: string; native: boolean }[] }>();
    const native = process.arch === "x64" ? [true, false] : [false, true];
    assert.deepEqual(
      outputs.nodes.map((node) => node.native),
      native,
    );
  });

  it("outlive the up, and serve the next one with their cache", async () => {
    const before = daemons();
    stack.write("app/other", "");
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\nCOPY other /\n");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.deepEqual(daemons(), before);
  });

  it("are found again when one was killed", async () => {
    const [first] = daemons();
    process.kill(first.daemonPid, "SIGKILL");
    await waitFor("its watcher's end", () => daemons().length === 1);
    stack.write("app/other", "changed");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.equal(daemons().length, 2);
  });

  it("are adopted when the process that watches one was killed", async () => {
    const before = daemons();
    process.kill(before[0].pid, "SIGKILL");
    stack.write("app/other", "changed again");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const after = daemons();
    assert.deepEqual(after.map(({ daemonPid }) => daemonPid).sort(), before.map(({ daemonPid }) => daemonPid).sort());
  });

  it("recipe 5: end when idle, and leave no process", async () => {
    const before = daemons();
    assert.equal(before.length, 2);
    await waitFor("the idle end", () => daemons().length === 0, 90);
    for (const { pid, daemonPid } of before) {
      await waitFor(`the end of ${pid}`, () => !isRunning(pid) && !isRunning(daemonPid), 10);
    }
  });

  it("end when their folder is removed, and leave no process", async () => {
    stack.write("app/other", "once more");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const before = daemons();
    fs.rmSync(path.join(stack.home, ".cache/multi-platform-image/nodes"), { recursive: true });
    for (const { pid, daemonPid } of before) {
      await waitFor(`the end of ${daemonPid}`, () => !isRunning(pid) && !isRunning(daemonPid), 20);
    }
  });

  it("explain themselves where they can't run: an error before the build names the cause and the fix", async () => {
    const environment = { ...trusting(machines.registry), DOCKER_HOST: "unix:///nowhere/docker.sock" };
    const without = await Stack.create(stack.spec(), { environment });
    without.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const { code, output } = await without.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node of kind "local" for linux\/amd64: buildkitd is not on PATH.*Fix: /);
    assert.match(output, /no Docker engine answers .*\(unix:\/\/\/nowhere\/docker\.sock: there is no such socket/);
  });

  function daemons(): { pid: number; daemonPid: number }[] {
    const nodes = path.join(stack.home, ".cache/multi-platform-image/nodes");
    const folders = fs.existsSync(nodes) ? fs.readdirSync(nodes) : [];
    return folders
      .map((folder) => path.join(nodes, folder, "pid"))
      .filter((file) => fs.existsSync(file))
      .map((file) => JSON.parse(fs.readFileSync(file, "utf8")) as { pid: number; daemonPid: number });
  }
});
