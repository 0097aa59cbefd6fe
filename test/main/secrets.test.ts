import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { startNamespaceNode, startRegistry, skipWithout } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { commandLines } from "./processes";
import { readAll, Stack, temporaryDirectory } from "./stack";

const password = "pass-5d1f0c7be9";
const buildSecret = "secret-a91b37e4c2";

describe("secrets", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let key: string;
  let output = "";
  const seen = new Set<string>();

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    const { run, network, authority } = machines;
    const registry = await startRegistry(run, authority, {
      address: network.address,
      credentials: { username: "builder", password },
    });
    const trusted = { ...registry.trusted, ...machines.registry.trusted };
    const node = await startNamespaceNode(run, network, authority, { name: "secrets", registries: trusted });
    const base = await getBaseImage();
    const given = temporaryDirectory("given");
    const file = (name: string, content: string) => {
      fs.writeFileSync(path.join(given, name), content, { mode: 0o600 });
      return `secret:${path.join(given, name)}`;
    };
    const remote = node.remoteNode();
    key = remote.tls.key;
    stack = await Stack.create(
      {
        builder: { nodes: [{ ...remote, tls: { ...remote.tls, key: file("key", key) } }] },
        images: {
          app: {
            context: "./app",
            platforms: ["linux/amd64"],
            tags: [`${registry.host}/secrets:1`],
            secrets: { token: file("token", buildSecret) },
            registries: [{ address: registry.host, username: "builder", password: file("password", password) }],
          },
        },
      },
      { environment: { SSL_CERT_FILE: trusting(registry).SSL_CERT_FILE, NODE_EXTRA_CA_CERTS: registry.caFile } },
    );
    stack.write(
      "app/Dockerfile",
      `FROM ${base}\nRUN --mount=type=secret,id=token sha256sum < /run/secrets/token > /used && sleep 2\n`,
    );
    const up = stack.start("up", "--yes", "--skip-preview");
    const watch = setInterval(() => commandLines().forEach((line) => seen.add(line)), 100);
    const outcome = await up.done;
    clearInterval(watch);
    output = outcome.output;
    assert.equal(outcome.code, 0, output.slice(-4000));
  });

  it("recipe 20: reach the build and the registry", async () => {
    const outputs = await stack.outputs<{ app: { indexDigest: string } }>();
    assert.match(outputs.app.indexDigest, /^sha256:/);
  });

  it("make no secret of the digests", async () => {
    const { output: shown } = await stack.run("stack", "output", "--json");
    assert.doesNotMatch(shown, /\[secret\]/);
  });

  for (const [what, secret] of [
    ["a build secret", () => buildSecret],
    ["a registry's password", () => password],
    // PEM breaks lines, and JSON or a log may break them otherwise.
    ["the client key", () => key.split("\n")[1]],
  ] as const) {
    it(`${what} is in no log`, () => assert.ok(!output.includes(secret())));

    it(`${what} is not in the state in clear`, () => assert.ok(!stack.stateText().includes(secret())));

    it(`${what} is on no command line`, () => {
      assert.ok(seen.size > 0);
      assert.ok([...seen].every((line) => !line.includes(secret())));
    });

    it(`${what} is in no file of the caller's machine`, () => assert.ok(!readAll(stack.home).includes(secret())));
  }
});
