import * as assert from "node:assert/strict";

import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { yamlStack } from "./languages/stack";
import { isRunning, killEngine, pluginsOf } from "./processes";
import { type Stack, type StartedCommand, waitFor } from "./stack";

/** The plugin's process, when its engine is interrupted or killed, and when a node is lost while it waits for a build. */
describe("the plugin for other languages, in the middle of a build", function () {
  this.timeout(900_000);
  let machines: Machines;
  let node: NamespaceNode;
  let base: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "go", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    node = await startNamespaceNode(run, network, authority, { name: "plugin-ends", registries: registry.trusted });
    base = await getBaseImage();
  });

  async function slowStack(name: string, seconds: number): Promise<{ stack: Stack; tag: string }> {
    const tag = `${machines.registry.host}/${name}:1`;
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [tag], builder: "${builder}" };
    const stack = await yamlStack(
      {
        resources: {
          builder: {
            type: "multi-platform-image:Builder",
            properties: { nodes: [node.remoteNode()], wakeTimeoutSeconds: 60 },
          },
          app: { type: "multi-platform-image:MultiPlatformImage", properties: image },
        },
        outputs: { indexDigest: "${app.indexDigest}" },
      },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", `FROM ${base}\nCOPY seed /seed\nRUN sleep ${seconds} && cp /seed /copied\n`);
    stack.write("app/seed", `${name} ${Date.now()}`);
    return { stack, tag };
  }

  async function startBuild(stack: Stack): Promise<StartedCommand> {
    assert.ok(!(await isBuilding()), "what another test has left builds");
    const up = stack.start("up", "--yes", "--skip-preview");
    const ended = up.done.then(({ output }) => assert.fail(`the update ended by itself: ${output}`));
    await Promise.race([ended, waitFor("the RUN step", isBuilding)]);
    ended.catch(() => undefined);
    return up;
  }

  /** As a terminal does. */
  async function interrupt(up: StartedCommand): Promise<{ output: string; seconds: number }> {
    const interrupted = Date.now();
    process.kill(-up.child.pid!, "SIGINT");
    const { code, output } = await up.done;
    const seconds = (Date.now() - interrupted) / 1000;
    console.log(`      the update's end: ${seconds} s after the interrupt`);
    assert.notEqual(code, 0, output);
    return { output, seconds };
  }

  const isBuilding = async () => (await node.processes()).some(({ command }) => /^sleep /.test(command));

  it("builds again when buildkitd was killed: the same update succeeds", async () => {
    const { stack, tag } = await slowStack("plugin-lost", 6);
    const up = await startBuild(stack);
    await node.kill();
    await node.start();
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    assert.match(output, /was lost during the build; waking it to build again \(1 of 3\)/);
    const { digest } = await inspectIndex(machines.registry, tag);
    assert.deepEqual(await stack.outputs(), { indexDigest: digest });
  });

  it("ends within 5 s of the engine's death, and its build with it", async () => {
    const { stack } = await slowStack("plugin-orphan", 600);
    const up = await startBuild(stack);
    const plugins = pluginsOf(up);
    assert.ok(plugins.length > 0);
    const endOthers = await killEngine(up);
    const killed = Date.now();
    await waitFor("the plugin's end", () => plugins.every((pid) => !isRunning(pid)), 5);
    console.log(`      the plugin's end: ${(Date.now() - killed) / 1000} s after the engine's`);
    // Its connection to the node is the plugin's.
    await waitFor("the build's end", async () => !(await isBuilding()), 30);
    endOthers();
  });

  it("ends with an interrupt at once, and leaves nothing that builds", async () => {
    const { stack } = await slowStack("plugin-interrupted", 601);
    const up = await startBuild(stack);
    const plugins = pluginsOf(up);
    const { output, seconds } = await interrupt(up);
    assert.ok(seconds < 6, `${seconds} s`);
    assert.doesNotMatch(output, /waking it to build again/);
    assert.ok(plugins.every((pid) => !isRunning(pid)));
    await waitFor("the build's end", async () => !(await isBuilding()), 30);
  });

  it("ends with an interrupt within 3 s while a hook waits for a node", async () => {
    const { stack } = await slowStack("plugin-waits", 1);
    await node.stop();
    try {
      const up = stack.start("up", "--yes", "--skip-preview");
      await waitFor("the plugin", () => pluginsOf(up).length > 0);
      await waitFor("the wait for the node", () => /building image app/.test(up.output()), 60);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const { output, seconds } = await interrupt(up);
      assert.ok(seconds < 3, `${seconds} s\n${output}`);
    } finally {
      await node.start();
    }
  });
});
