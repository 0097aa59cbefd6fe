import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { sdkGenerator } from "../../tools/pluginRelease/sdks";
import { execute, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { writeApp } from "./languages/checks";
import { checkOut, installInto, npmEnvironment } from "./languages/checkout";
import { type GitServer, serveGit } from "./languages/gitServer";
import { languagePrograms, programOnPath } from "./languages/programs";
import { ownPulumiHome } from "./languages/pulumiHome";
import { plainYamlStack, programFolder, pythonStack, virtualenvWith } from "./languages/stack";
import { languageTool } from "./languages/tools";
import { type Stack, temporaryDirectory } from "./stack";

const platforms = ["linux/amd64", "linux/arm64"];

/**
 * What users do: the plugin's packages are installed and it is compiled by the command itself, in a copy of this checkout. What such a
 * program then does, python.test.ts shows.
 */
nightly.describe("`pulumi package add`", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let repositories: string;
  let checkout: string;
  let commit: string;
  let server: GitServer | undefined;

  before(async function () {
    skipWithout(this, ["namespaces", "python", "go", "skopeo"]);
    machines = await getMachines();
    repositories = temporaryDirectory("repositories");
    checkout = path.join(repositories, "acme/multi-platform-image");
    fs.mkdirSync(checkout, { recursive: true });
    commit = await checkOut(checkout);
  });

  after(() => server?.close());

  async function projectWith(tag: string, home: string): Promise<Stack> {
    const host = await languageTool("yaml");
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const image = { context: "./app", platforms, tags: [tag], builder: "${builder}" };
    const stack = await plainYamlStack(
      {
        resources: {
          builder: { type: "multi-platform-image:Builder", properties: { nodes: [node] } },
          app: { type: "multi-platform-image:MultiPlatformImage", properties: image },
        },
        outputs: { indexDigest: "${app.indexDigest}" },
      },
      {
        programs: languagePrograms([host, programOnPath("npm"), programOnPath("sh")]),
        environment: {
          ...trusting(machines.registry),
          ...(await npmEnvironment()),
          PULUMI_HOME: home,
        },
      },
    );
    writeApp(stack);
    return stack;
  }

  /** What the project says of its packages then. */
  async function add(stack: Stack, source: string): Promise<Record<string, unknown>> {
    const { code, output, seconds } = await stack.run("package", "add", source);
    assert.equal(code, 0, output);
    // It asks the plugin for its schema: it runs.
    assert.match(output, /Successfully generated an SDK for the multi-platform-image package/);
    console.log(`      pulumi package add: ${seconds.toFixed(1)} s`);
    const project = parse(fs.readFileSync(path.join(stack.directory, "Pulumi.yaml"), "utf8")) as {
      packages: Record<string, unknown>;
    };
    return project.packages;
  }

  /** The package is in the project then, and an update builds with it. */
  async function showThatItBuilds(stack: Stack, source: string, tag: string): Promise<Record<string, unknown>> {
    const packages = await add(stack, source);
    assert.deepEqual(Object.keys(packages), ["multi-platform-image"]);
    const indexDigest = await showThatUpdateBuilds(stack, tag);
    assert.deepEqual(await stack.outputs(), { indexDigest });
    return packages;
  }

  async function showThatUpdateBuilds(stack: Stack, tag: string): Promise<string> {
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    console.log(`      pulumi up: ${seconds.toFixed(1)} s`);
    const { digest, platformDigests } = await inspectIndex(machines.registry, tag);
    assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
    return digest;
  }

  it("takes the plugin from a folder", async () => {
    await installInto(checkout);
    const tag = `${machines.registry.host}/package-add-folder:1`;
    const stack = await projectWith(tag, await ownPulumiHome());
    await showThatItBuilds(stack, path.join(checkout, "provider"), tag);
  });

  describe("of a Git repository, at a commit", () => {
    let source: string;
    let first: Stack;
    let home: string;

    before(async () => {
      await execute(["git", "clone", "--quiet", "--bare", checkout, `${checkout}.git`]);
      const { address } = machines.network;
      server = await serveGit(repositories, machines.authority, address);
      source = `https://${address}/acme/multi-platform-image.git/provider@${commit}`;
    });

    it("installs, compiles and starts the plugin, and an update of a program in YAML builds with it", async () => {
      const tag = `${machines.registry.host}/package-add-git:1`;
      home = await ownPulumiHome();
      first = await projectWith(tag, home);
      const packages = await showThatItBuilds(first, source, tag);
      assert.ok(JSON.stringify(packages).includes(commit), JSON.stringify(packages));
    });

    it("a program in Python builds with that plugin, and imports its SDK by the same name", async () => {
      const tag = `${machines.registry.host}/package-add-python:1`;
      // What `package add` does, but for the link into the project: the tests' host of Python makes no SDK.
      const { code, output } = await first.run("package", "get-schema", source);
      assert.equal(code, 0, output);
      const folder = temporaryDirectory("sdk");
      const schema = path.join(folder, "schema.json");
      fs.writeFileSync(schema, output.slice(output.indexOf("{")));
      await execute([await sdkGenerator(), "python", schema, path.join(folder, "python")]);
      const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
      const stack = await pythonStack(
        { builder: { nodes: [node] }, images: { app: { context: "./app", platforms, tags: [tag] } } },
        {
          virtualenv: await virtualenvWith(path.join(folder, "python")),
          programs: languagePrograms([await languageTool("python"), programOnPath("npm"), programOnPath("sh")]),
          environment: { ...trusting(machines.registry), ...(await npmEnvironment()), PULUMI_HOME: home },
        },
      );
      writeApp(stack, programFolder);
      await showThatUpdateBuilds(stack, tag);
    });
  });
});
