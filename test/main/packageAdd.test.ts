import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse, stringify } from "yaml";

import { prepareTools, toolEnvironment } from "../../tools";
import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { checkOut, installInto, npmEnvironment } from "./languages/checkout";
import { languagePrograms, programOnPath } from "./languages/programs";
import { languageTool } from "./languages/tools";
import { Stack, temporaryDirectory } from "./stack";

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

  before(async function () {
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    repositories = temporaryDirectory("repositories");
    checkout = path.join(repositories, "acme/multi-platform-image");
    fs.mkdirSync(checkout, { recursive: true });
    await checkOut(checkout);
  });

  async function projectWith(tag: string): Promise<Stack> {
    const host = await languageTool("yaml");
    const stack = await Stack.create(
      { builder: {}, images: {} },
      {
        programs: languagePrograms([host, programOnPath("npm"), programOnPath("sh")]),
        environment: {
          ...trusting(machines.registry),
          ...(await npmEnvironment()),
          PULUMI_HOME: await ownPulumiHome(),
        },
      },
    );
    const node = { ...machines.amd64.remoteNode(), additionalPlatforms: ["linux/arm64"] };
    const image = { context: "./app", platforms, tags: [tag], builder: "${builder}" };
    const program = {
      name: stack.project,
      runtime: "yaml",
      resources: {
        builder: { type: "multi-platform-image:Builder", properties: { nodes: [node] } },
        app: { type: "multi-platform-image:MultiPlatformImage", properties: image },
      },
      outputs: { indexDigest: "${app.indexDigest}" },
    };
    for (const own of ["index.js", "package.json", "node_modules"]) {
      fs.rmSync(path.join(stack.directory, own));
    }
    stack.write("Pulumi.yaml", stringify(program));
    stack.write("app/Dockerfile", "FROM scratch\nCOPY greeting /\n");
    stack.write("app/greeting", "hello\n");
    return stack;
  }

  /** The package is in the project then, and an update builds with it. */
  async function showThatItBuilds(stack: Stack, source: string, tag: string): Promise<void> {
    const added = await stack.run("package", "add", source);
    assert.equal(added.code, 0, added.output);
    console.log(`      pulumi package add: ${added.seconds.toFixed(1)} s`);
    const { packages } = parse(fs.readFileSync(path.join(stack.directory, "Pulumi.yaml"), "utf8")) as {
      packages: Record<string, unknown>;
    };
    assert.deepEqual(Object.keys(packages), ["multi-platform-image"]);
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    console.log(`      pulumi up: ${seconds.toFixed(1)} s`);
    const { digest, platformDigests } = await inspectIndex(machines.registry, tag);
    assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
    assert.deepEqual(await stack.outputs(), { indexDigest: digest });
  }

  it("takes the plugin from a folder", async () => {
    await installInto(checkout);
    const tag = `${machines.registry.host}/package-add-folder:1`;
    const stack = await projectWith(tag);
    await showThatItBuilds(stack, path.join(checkout, "provider"), tag);
  });
});

/** Pulumi puts plugins into its home; the tests' own is shared. Of a plugin's folder it takes no link, but links in it. */
async function ownPulumiHome(): Promise<string> {
  const { PULUMI_HOME: shared = "" } = toolEnvironment(await prepareTools(["pulumi-resource-docker-build"]));
  const home = temporaryDirectory("pulumi-home");
  for (const entry of fs.readdirSync(path.join(shared, "plugins"), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = path.join(home, "plugins", entry.name);
    fs.mkdirSync(folder, { recursive: true });
    for (const file of fs.readdirSync(path.join(shared, "plugins", entry.name))) {
      fs.symlinkSync(path.join(shared, "plugins", entry.name, file), path.join(folder, file));
    }
  }
  return home;
}
