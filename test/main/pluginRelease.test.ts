import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import { execute, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { checkUpdates, writeApp } from "./languages/checks";
import { languagePrograms, programOnPath } from "./languages/programs";
import { ownPulumiHome } from "./languages/pulumiHome";
import { plainYamlStack } from "./languages/stack";
import { languageTool } from "./languages/tools";
import { type Stack, temporaryDirectory } from "./stack";

const repository = path.resolve(__dirname, "../..");
const schema = JSON.parse(fs.readFileSync(path.join(repository, "provider/schema.json"), "utf8")) as object & {
  version: string;
};

// The plugin is the npm package's, which package.test.ts starts in `npm test`.
nightly.describe("the plugin's release, on a machine without Node", function () {
  this.timeout(1_200_000);
  const out = temporaryDirectory("release");
  let machines: Machines;
  let server: http2.Http2SecureServer | undefined;
  let stack: Stack;
  let tag: string;
  let sum: string;
  let file: string;

  before(async function () {
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    tag = `${machines.registry.host}/release:1`;
    const command = ["tools/run.js", "pluginRelease", "--out", out, "--node", process.execPath];
    await execute([process.execPath, ...command.map((word) => word.replace(/^tools/, `${repository}/tools`))], {
      timeoutMilliseconds: 600_000,
    });
    [sum, file] = fs.readFileSync(path.join(out, "checksums.txt"), "utf8").trim().split(/\s+/);
    server = await serve();
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
        environment: { ...trusting(machines.registry), PULUMI_HOME: await ownPulumiHome(), NODE_OPTIONS: "" },
      },
    );
    writeApp(stack);
  });

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
    const { port } = server?.address() as AddressInfo;
    const from = ["--server", `https://127.0.0.1:${port}`, "--checksum", checksum];
    return stack.run("plugin", "install", "resource", "multi-platform-image", schema.version, ...from);
  }

  it("is refused with another checksum, and installed with its own", async () => {
    console.log(`      ${file}: ${(fs.statSync(path.join(out, file)).size / 1e6).toFixed(1)} MB`);
    const refused = await install("0".repeat(64));
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /checksum/);
    const { code, output, seconds } = await install(sum);
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
});
