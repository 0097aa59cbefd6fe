import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { skipWithout, waitUntil } from "../hosts";
import { startProcess } from "../hosts/hostProcess";
import { freePort } from "../hosts/registry";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { endLocalDaemons } from "./processes";
import { Stack, temporaryDirectory } from "./stack";

const addresses = { v4: "127.0.0.1", v6: "[::1]" };

// What is asked by which way is in test/unit/registry: here a whole update, of docker-build and of this component.
nightly.describe("registries on loopback, by IPv4 and IPv6, beside a proxy that nobody answers at", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  const tags: Record<string, string> = {};

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    for (const [name, address] of Object.entries(addresses)) {
      tags[name] = `${await startPlainRegistry(address)}/app:1`;
    }
    const images = Object.entries(tags).map(([name, tag]) => {
      const image = { context: "./app", platforms: ["linux/amd64", "linux/arm64"], tags: [tag] };
      return [name, image];
    });
    const nobody = "http://127.0.0.1:1";
    const local = { kind: "local", platform: "linux/amd64", additionalPlatforms: ["linux/arm64"] };
    stack = await Stack.create(
      { builder: { nodes: [local] }, images: Object.fromEntries(images) as Record<string, unknown>, outputs: ["ref"] },
      {
        // By the same names in small letters Pulumi's own SDK would ask the proxy for its engine, on loopback, too:
        // https://github.com/grpc/grpc-node/blob/master/packages/grpc-js/src/http_proxy.ts
        environment: { HTTP_PROXY: nobody, HTTPS_PROXY: nobody },
        onPath: await prepareTools(["buildkitd", "runc"]),
      },
    );
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  });

  after(() => endLocalDaemons(stack));

  async function startPlainRegistry(address: string): Promise<string> {
    const [registry] = await prepareTools(["registry"]);
    const folder = temporaryDirectory("registry");
    const host = `${address}:${await freePort(address.replace(/^\[|\]$/g, ""))}`;
    const settings = path.join(folder, "config.yml");
    fs.writeFileSync(
      settings,
      `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${folder}/data\nhttp:\n  addr: "${host}"\n`,
    );
    startProcess(machines.run, [registry.path, "serve", settings], { log: path.join(folder, "log"), env: {} });
    await waitUntil("the registry", () => fetch(`http://${host}/v2/`).then(() => undefined), {
      timeoutMilliseconds: 15_000,
      pauseMilliseconds: 100,
    });
    return host;
  }

  /** As the registry has it: skopeo knows no such address as [::1]. */
  async function refOf(tag: string): Promise<string> {
    const [, host, name] = /^(.*)\/app:(.*)$/.exec(tag) ?? [];
    const headers = { Accept: "application/vnd.oci.image.index.v1+json" };
    const answer = await fetch(`http://${host}/v2/app/manifests/${name}`, { headers });
    return `${tag}@${answer.headers.get("docker-content-digest")}`;
  }

  it("are pushed to and read from directly", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const outputs = await stack.outputs<Record<string, { ref: string }>>();
    for (const [name, tag] of Object.entries(tags)) {
      assert.equal(outputs[name].ref, await refOf(tag));
    }
  });

  it("are pushed to once more after `pulumi stack rename`, which changes the builder's name, and then no more", async () => {
    const renamed = await stack.run("stack", "rename", "other");
    assert.equal(renamed.code, 0, renamed.output);
    const first = await stack.up("--stack", "other");
    assert.equal(first.code, 0, first.output);
    for (const name of Object.keys(tags)) {
      assert.match(first.output, new RegExp(`building image ${name}: other \`builder\\.name\``));
    }
    const second = await stack.up("--stack", "other");
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /building image/);
  });
});
