import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { type NamespaceNode, startNamespaceNode, skipWithout } from "../hosts";
import { trials } from "../tier";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { crash } from "./processes";
import { Stack, temporaryDirectory, waitFor } from "./stack";

const nodeName = "amd64.test";

describe("a build that is disturbed", function () {
  this.timeout(900_000);
  let machines: Machines;
  let node: NamespaceNode;
  let base: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    node = await startNamespaceNode(run, network, authority, { name: "disturbed", registries: registry.trusted });
    base = await getBaseImage();
  });

  /** A stack whose build takes some seconds on the node, found by name in a hosts file of its own. */
  async function slowStack(name: string, hostsFile: string, seconds = 6): Promise<Stack> {
    const remote = { ...node.remoteNode(), endpoint: `tcp://${nodeName}:1234` };
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/${name}:1`] };
    const stack = await Stack.create(
      { builder: { nodes: [remote], wakeTimeoutSeconds: 30 }, images: { app: image } },
      { environment: trusting(machines.registry), hostsFile },
    );
    stack.write("app/Dockerfile", `FROM ${base}\nCOPY seed /seed\nRUN sleep ${seconds} && cp /seed /copied\n`);
    stack.write("app/seed", `${name} ${Date.now()}`);
    return stack;
  }

  function hostsFile(): string {
    const file = path.join(temporaryDirectory("hosts"), "hosts");
    pointAtNode(file);
    return file;
  }

  /** In place: the file is mounted over /etc/hosts of the commands. */
  function pointAtNode(file: string): void {
    fs.writeFileSync(file, `127.0.0.1 localhost\n${new URL(node.endpoint).hostname} ${nodeName}\n`);
  }

  async function untilRunning(count = 1): Promise<void> {
    await waitFor("the RUN step", async () => {
      const sleeping = (await node.processes()).filter(({ command }) => /^sleep /.test(command));
      return sleeping.length >= count;
    });
  }

  for (let trial = 1; trial <= trials(5); trial += 1) {
    it(`killed and replaced at another address with another root: the same up succeeds (trial ${trial})`, async () => {
      const file = hostsFile();
      const stack = await slowStack(`replaced-${trial}`, file);
      const up = stack.start("up", "--yes", "--skip-preview");
      await untilRunning();
      await node.kill();
      await node.replace();
      pointAtNode(file);
      const { code, output } = await up.done;
      assert.equal(code, 0, output);
      assert.match(output, /node amd64 was lost during the build; waking it to build again \(1 of 3\)/);
    });
  }

  // In turn, so that each is tried.
  for (let trial = 1; trial <= trials(5); trial += 1) {
    const ends = trial % 2 === 0 ? "ends" : "is killed";
    it(`two ups of two stacks on one node, the first ${ends}: the other is right (trial ${trial})`, async () => {
      const file = hostsFile();
      const first = await slowStack(`first-${trial}`, file, ends === "ends" ? 2 : 60);
      const second = await slowStack(`second-${trial}`, file, 8);
      const firstUp = first.start("up", "--yes", "--skip-preview");
      const secondUp = second.start("up", "--yes", "--skip-preview");
      await untilRunning(ends === "ends" ? 1 : 2);
      if (ends !== "ends") {
        await crash(firstUp);
      }
      const { code, output } = await secondUp.done;
      assert.equal(code, 0, output);
      assert.doesNotMatch(output, /was lost during the build/);
      const { app } = await second.outputs<{ app: { indexDigest: string } }>();
      const pushed = await inspectIndex(machines.registry, `${machines.registry.host}/second-${trial}:1`);
      assert.equal(app.indexDigest, pushed.digest);
      await firstUp.done;
    });
  }

  it("stays dead mid-build: an error within 10 s of its deadline names node and cause", async () => {
    const stack = await slowStack("dead", hostsFile(), 60);
    const up = stack.start("up", "--yes", "--skip-preview");
    await untilRunning();
    await node.kill();
    const killed = Date.now();
    const { code, output } = await up.done;
    await node.start();
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /node amd64 \(linux\/amd64, tcp:\/\/amd64\.test:1234\) did not answer within 30 s .*nothing listens there/,
    );
    assert.ok(Date.now() - killed < 45_000, `${(Date.now() - killed) / 1000} s`);
  });

  it("Ctrl-C mid-build: over within 10 s, no retry, nothing left running, and the next up works", async () => {
    const stack = await slowStack("interrupted", hostsFile(), 20);
    const up = stack.start("up", "--yes", "--skip-preview");
    await untilRunning();
    const interrupted = Date.now();
    process.kill(-up.child.pid!, "SIGINT");
    const { code, output } = await up.done;
    const seconds = (Date.now() - interrupted) / 1000;
    assert.notEqual(code, 0, output);
    assert.ok(seconds < 10, `${seconds} s`);
    assert.doesNotMatch(output, /waking it to build again/);
    await waitFor("the step's end", async () =>
      (await node.processes()).every(({ command }) => !/^sleep /.test(command)),
    );
    stack.write("app/Dockerfile", `FROM ${base}\nRUN true\n`);
    const next = await stack.up();
    assert.equal(next.code, 0, next.output);
  });

  it("a broken Dockerfile fails at once, without a retry", async () => {
    const stack = await slowStack("broken", hostsFile());
    stack.write("app/Dockerfile", `FROM ${base}\nRUN echo sorry && exit 3\n`);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /exit code: 3/);
    assert.doesNotMatch(output, /waking it to build again/);
  });
});
