import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import * as tar from "tar";

import { execute, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { checkUpdates, writeApp } from "./languages/checks";
import { compileProgram } from "./languages/go";
import { languagePrograms, programOnPath } from "./languages/programs";
import { ownPulumiHome } from "./languages/pulumiHome";
import { plainYamlStack, programFolder, pythonStack, virtualenvWith } from "./languages/stack";
import { languageTool } from "./languages/tools";
import { type Stack, temporaryDirectory } from "./stack";

const repository = path.resolve(__dirname, "../..");
const schema = JSON.parse(fs.readFileSync(path.join(repository, "provider/schema.json"), "utf8")) as object & {
  version: string;
};

const plugin = `pulumi-resource-multi-platform-image-v${schema.version}-${process.platform}-amd64.tar.gz`;
const wheel = `pulumi_multi_platform_image-${schema.version}-py3-none-any.whl`;
const goSdk = `multi-platform-image-sdk-go-v${schema.version}.tar.gz`;

// The plugin is the npm package's, which package.test.ts starts in `npm test`.
nightly.describe("the plugin's release, on a machine without Node", function () {
  this.timeout(1_200_000);
  const out = temporaryDirectory("release");
  let machines: Machines;
  let server: http2.Http2SecureServer | undefined;
  let address: string;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["namespaces", "python", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/release:1`;
    server = await serve();
    address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = ["--out", out, "--server", address, "--node", process.execPath];
    await execute([process.execPath, path.join(repository, "tools/run.js"), "pluginRelease", ...options], {
      timeoutMilliseconds: 900_000,
    });
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const platforms = ["linux/amd64", "linux/arm64"];
    stack = await plainYamlStack(
      {
        resources: {
          builder: { type: "multi-platform-image:Builder", properties: { nodes: [node] } },
          app: {
            type: "multi-platform-image:MultiPlatformImage",
            properties: { context: "./app", platforms, tags: [tag], builder: "${builder}" },
          },
        },
        outputs: { indexDigest: "${app.indexDigest}" },
      },
      {
        withoutNode: true,
        programs: languagePrograms([await languageTool("yaml"), programOnPath("sh")]),
        environment: await withoutPlugin(),
      },
    );
    writeApp(stack);
  });

  /** A home of Pulumi's without the plugin. What the tests' own Node needs is not the plugin's. */
  async function withoutPlugin(): Promise<NodeJS.ProcessEnv> {
    return { ...trusting(machines.registry), PULUMI_HOME: await ownPulumiHome(), NODE_OPTIONS: "" };
  }

  after(() => server?.close());

  /**
   * By HTTP/2, as GitHub has it: of HTTP/1.1 Pulumi 3.259 leaves the end out of the checksum, which Go's client gives together
   * with the word that it is the end. https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/go/common/workspace/plugins.go
   */
  async function serve(): Promise<http2.Http2SecureServer> {
    const { certificate: cert, key } = await machines.authority.issueServer({ names: ["127.0.0.1"] });
    const made = http2.createSecureServer({ cert, key }, (request, response) => {
      const asked = path.join(out, path.basename(request.url));
      if (!fs.existsSync(asked)) {
        response.writeHead(404);
        response.end();
        return;
      }
      // Pulumi takes no archive whose length it is not told.
      response.setHeader("content-length", fs.statSync(asked).size);
      fs.createReadStream(asked).pipe(response);
    });
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
    return made;
  }

  function install(checksum: string) {
    const from = ["--server", address, "--checksum", checksum];
    return stack.run("plugin", "install", "resource", "multi-platform-image", schema.version, ...from);
  }

  it("has a checksum of each file: of the plugin, and of the SDKs of Python and Go", async () => {
    await execute(["sh", "-c", `cd ${out} && sha256sum --check --strict checksums.txt`]);
    const files = fs.readdirSync(out).filter((name) => name !== "checksums.txt");
    assert.deepEqual(files.sort(), [goSdk, plugin, wheel].sort());
    assert.deepEqual(Object.keys(checksums()).sort(), files);
    files.forEach((name) =>
      console.log(`      ${name}: ${(fs.statSync(path.join(out, name)).size / 1e6).toFixed(2)} MB`),
    );
  });

  function checksums(): Record<string, string> {
    const lines = fs.readFileSync(path.join(out, "checksums.txt"), "utf8").trim().split("\n");
    return Object.fromEntries(lines.map((line) => line.split(/\s+/).reverse() as [string, string]));
  }

  it("is refused with another checksum, and installed with its own", async () => {
    const refused = await install("0".repeat(64));
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /checksum/);
    const { code, output, seconds } = await install(checksums()[plugin]);
    assert.equal(code, 0, output);
    console.log(`      pulumi plugin install: ${seconds.toFixed(1)} s`);
  });

  it("starts, and says its schema", async () => {
    assert.deepEqual(
      stack.programs().filter((name) => /^(node|npm)$/.test(name)),
      [],
    );
    const { code, output, seconds } = await stack.run("package", "get-schema", "multi-platform-image");
    assert.equal(code, 0, output);
    console.log(`      pulumi package get-schema: ${seconds.toFixed(1)} s`);
    const { resources } = JSON.parse(output.slice(output.indexOf("{"))) as { resources: object };
    assert.deepEqual(Object.keys(resources), Object.keys((schema as unknown as { resources: object }).resources));
  });

  it("builds both platforms", () => checkUpdates(machines, stack, tag, ({ digest }) => ({ indexDigest: digest })));

  it("a program in Python that has the wheel alone: its first update fetches the plugin, and builds", async () => {
    const virtualenv = await virtualenvWith(path.join(out, wheel));
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const ownTag = `${machines.registry.host}/release-python:1`;
    const image = { context: "./app", platforms: ["linux/amd64", "linux/arm64"], tags: [ownTag] };
    const python = await pythonStack(
      { builder: { nodes: [node] }, images: { app: image } },
      {
        virtualenv,
        withoutNode: true,
        programs: languagePrograms([await languageTool("python"), programOnPath("sh")]),
        environment: { ...(await withoutPlugin()), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false" },
      },
    );
    writeApp(python, programFolder);
    const { code, output } = await python.up();
    assert.equal(code, 0, output);
    const { app } = await python.outputs<{ app: { indexDigest: string } }>();
    assert.equal(app.indexDigest, (await inspectIndex(machines.registry, ownTag)).digest);
    const { output: plugins } = await python.run("plugin", "ls", "--json");
    assert.match(plugins, /"name": "multi-platform-image"/);
  });

  it("a program in Go compiles with the archive of its SDK", async () => {
    const folder = temporaryDirectory("go");
    await tar.extract({ file: path.join(out, goSdk), cwd: folder, strict: true });
    fs.renameSync(path.join(folder, "multi-platform-image-sdk-go"), path.join(folder, "sdk"));
    await compileProgram(folder);
    const { server: kept } = JSON.parse(
      fs.readFileSync(path.join(folder, "sdk/multiplatformimage/pulumi-plugin.json"), "utf8"),
    ) as { server: string };
    assert.equal(kept, address);
  });
});
