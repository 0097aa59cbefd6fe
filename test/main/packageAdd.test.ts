import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { execute, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { writeApp } from "./languages/checks";
import { checkOut, installInto, npmEnvironment } from "./languages/checkout";
import { type GitServer, serveGit } from "./languages/gitServer";
import { languagePrograms, programOnPath } from "./languages/programs";
import { ownPulumiHome } from "./languages/pulumiHome";
import { plainYamlStack } from "./languages/stack";
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
    skipWithout(this, ["namespaces", "go", "skopeo"]);
    machines = await getMachines();
    repositories = temporaryDirectory("repositories");
    checkout = path.join(repositories, "acme/multi-platform-image");
    fs.mkdirSync(checkout, { recursive: true });
    commit = await checkOut(checkout);
  });

  after(() => server?.close());

  async function projectWith(tag: string): Promise<Stack> {
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
          PULUMI_HOME: await ownPulumiHome(),
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
  async function showThatItBuilds(stack: Stack, source: string, tag: string): Promise<void> {
    assert.deepEqual(Object.keys(await add(stack, source)), ["multi-platform-image"]);
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

  // No update: the host of YAML 1.25.0 looks for such a plugin by another name than that under which Pulumi has installed it.
  it("takes the plugin from a Git repository, at a commit: installs, compiles and starts it", async () => {
    await execute(["git", "clone", "--quiet", "--bare", checkout, `${checkout}.git`]);
    const { address } = machines.network;
    server = await serveGit(repositories, machines.authority, address);
    const stack = await projectWith(`${machines.registry.host}/package-add-git:1`);
    const packages = await add(stack, `https://${address}/acme/multi-platform-image.git/provider@${commit}`);
    console.log(`      ${JSON.stringify(packages).replace(address, "HOST")}`);
    assert.ok(JSON.stringify(packages["multi-platform-image"]).includes(commit), JSON.stringify(packages));
  });
});
