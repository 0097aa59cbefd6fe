import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { skipWithout, startNamespaceNode, startTamperingProxy } from "../hosts";
import { compiled } from "../main/compiled";
import { getBaseImage, getMachines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";

describe("a program of the Automation API that is a function", function () {
  this.timeout(300_000);

  it("has two updates in one process, in a folder of its own, of two images of one name", async function () {
    skipWithout(this, ["namespaces"]);
    const { run, network, authority, registry } = await getMachines();
    const front = await startTamperingProxy(run, authority, registry, network.address);
    const node = await startNamespaceNode(run, network, authority, { name: "inline", registries: front.trusted });
    const base = (await getBaseImage()).replace(registry.host, front.host);
    const stack = await Stack.create(
      { builder: {}, images: {} },
      { environment: trusting(front), onPath: await prepareTools(["buildkitd", "runc"]) },
    );
    const image = (name: string) => ({
      context: path.join(stack.directory, "app"),
      tags: [`${front.host}/inline-${name}:1`],
    });
    const nodes = [node.remoteNode(), { kind: "local", platform: "linux/arm64" }];
    stack.declare({ builder: { nodes }, images: { web: image("web"), worker: image("worker") } });
    stack.write("app/Dockerfile", `FROM ${base}\nCOPY Dockerfile /\n`);
    const first = path.join(stack.directory, "first");

    front.removePlatform("linux/arm64");
    const program = await compiled(path.join(__dirname, "automationProgram"));
    const command = stack.startOther("node", path.join(program, "index.js"));
    await waitFor("the first update", () => fs.existsSync(first) || command.child.exitCode !== null);
    assert.ok(fs.existsSync(first), command.output());
    assert.match(fs.readFileSync(first, "utf8"), /has no linux\/arm64; it has linux\/amd64/);
    front.behave();
    stack.write("go", "");
    const { code, output } = await command.done;
    assert.equal(code, 0, output);
    const said = JSON.parse(output.trim().split("\n").at(-1) ?? "") as { refs: string[]; changeSummary: object };
    assert.deepEqual(
      said.refs.map((ref) => ref.replace(/sha256:[0-9a-f]{64}$/, "DIGEST")),
      ["web", "worker"].map((name) => `${front.host}/inline-${name}:1@DIGEST`),
    );
    assert.deepEqual(Object.keys(said.changeSummary), ["same"]);
  });
});
