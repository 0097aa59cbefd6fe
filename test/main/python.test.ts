import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { checkSameInTypeScript, writeApp } from "./languages/checks";
import { programFolder, pythonCommand, pythonStack } from "./languages/stack";
import type { Spec, Stack } from "./stack";

interface Outputs {
  app: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
  builderName: string;
  nodes: string[];
}

const platforms = ["linux/amd64", "linux/arm64"];
const password = "registry-password-of-the-tests";
const token = "build-secret-of-the-tests";

describe("a program in Python", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let stack: Stack;
  let key: string;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "python", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/python:1`;
    const environment = trusting(machines.registry);
    const registry = { address: machines.registry.host, username: "ci", password };
    const { tls, ...node } = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    key = tls.key;
    stack = await pythonStack(
      {
        builder: { nodes: [{ ...node, tls: { ...tls, key: `secret:${tls.key}` } }], lifecycle: "output:persistent" },
        images: { app: { context: "./app", platforms, tags: [tag], registries: [registry], secrets: { token } } },
      },
      { environment },
    );
    writeApp(stack, programFolder);
  });

  it("a preview says what it would do, and calls no node", async () => {
    const before = await machines.amd64.connections();
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(
      output,
      /image app would be built: .*\n.*on node amd64 \(linux\/amd64, linux\/arm64; remote, runs already\)/,
    );
    assert.equal(await machines.amd64.connections(), before);
  });

  it("an update builds both platforms, and exports what is in the registry", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { app, nodes } = await stack.outputs<Outputs>();
    const index = await inspectIndex(machines.registry, tag);
    assert.equal(app.indexDigest, index.digest);
    assert.equal(app.ref, `${tag}@${index.digest}`);
    assert.deepEqual(app.platformDigests, index.platformDigests);
    assert.deepEqual(Object.keys(app.platformDigests).sort(), platforms);
    assert.deepEqual(nodes, ["amd64"]);
  });

  it("keeps no key, password or build secret in the state, also where the program does not call it a secret", async () => {
    const [, line] = key.split("\n");
    const state = stack.stateText();
    assert.ok(state.includes("secretsprovider") || state.includes("secrets_providers"), "no state was read");
    for (const secret of [line, password, token]) {
      assert.ok(!state.includes(secret), `${secret} is in the state`);
    }
    const { connection } = await stack.outputs<{ connection: string }>();
    assert.ok(connection.includes(JSON.stringify(line).slice(1, -1)), "`connection` has the key");
  });

  it("a program's unit tests, as docs/languages.md has them, need Pulumi's own mocks alone", async () => {
    const page = fs.readFileSync(path.resolve(__dirname, "../../docs/languages.md"), "utf8");
    const [, text] = /^```python\n(import unittest.*?)^```$/ms.exec(page) ?? [];
    stack.write("test_program.py", text);
    const { code, output } = await stack.startOther(...pythonCommand(stack), "-m", "unittest", "-v", "test_program")
      .done;
    assert.equal(code, 0, output);
    assert.match(output, /Ran 2 tests/);
  });

  it("a second update, now with the builder as an output: no change, no connection to a node", async () => {
    stack.declare({ ...stack.spec(), builderAsOutput: true } as Spec);
    const before = await machines.amd64.connections();
    const { code, output } = await stack.up("--diff");
    assert.equal(code, 0, output);
    assert.match(output, /unchanged/);
    assert.doesNotMatch(output, /updated|created|is awake|registered/);
    assert.equal(await machines.amd64.connections(), before);
  });

  it("a builder that another provider made is refused, with what to do", async () => {
    const spec = stack.spec();
    stack.declare({ ...spec, otherProvider: true } as Spec);
    const { code, output } = await stack.preview();
    stack.declare(spec);
    assert.notEqual(code, 0, output);
    const sentence =
      /MultiPlatformImage app: `builder` was made by another process of this provider: give image and builder the same `provider` option/;
    assert.match(output, sentence);
    assert.doesNotMatch(output, /\n\s+at /, "a stack trace");
  });

  it("the same content, below the folder of `main`, has the same hash and digest from TypeScript", () =>
    checkSameInTypeScript(machines, stack, tag));
});
