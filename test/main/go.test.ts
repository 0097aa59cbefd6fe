import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { checkPreview, checkSameInTypeScript, checkUpdates, writeApp } from "./languages/checks";
import { goStack } from "./languages/go";
import type { Stack } from "./stack";

// What Go has of its own is its SDK, of the same schema as Python's, and to compile Pulumi's SDK takes minutes: python.test.ts.
nightly.describe("a program in Go", function () {
  this.timeout(2_400_000);
  let machines: Machines;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/go:1`;
    stack = await goStack({ tag, node: machines.amd64.remoteNode() }, { environment: trusting(machines.registry) });
    writeApp(stack);
  });

  it("a preview calls no node", () => checkPreview(machines, stack));

  it("an update builds both platforms, a second one nothing", async () => {
    await checkUpdates(machines, stack, tag, ({ digest, platformDigests }) => ({
      indexDigest: digest,
      platformDigests,
    }));
    const [, line] = machines.amd64.remoteNode().tls.key.split("\n");
    assert.ok(!stack.stateText().includes(line));
  });

  it("the same content has the same digest from TypeScript", () => checkSameInTypeScript(machines, stack, tag));

  it("the programs of docs/languages.md compile", async () => {
    const page = fs.readFileSync(path.resolve(__dirname, "../../docs/languages.md"), "utf8");
    const texts = [...page.matchAll(/^```go\n(.*?)^```$/gms)].map(([, text]) => text);
    assert.equal(texts.length, 2);
    for (const [at, text] of texts.entries()) {
      stack.write(`snippet${at}/main.go`, text);
      const { code, output } = await stack.startOther("go", "build", "-o", "/dev/null", `./snippet${at}`).done;
      assert.equal(code, 0, output);
    }
  });
});
