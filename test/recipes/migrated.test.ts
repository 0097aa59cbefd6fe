import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { compiled } from "../main/compiled";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { inspectIndex, trusting } from "../main/image";
import { endLocalDaemons } from "../main/processes";
import { Stack } from "../main/stack";
import { layOutProject } from "./exampleProject";
import { readManifest } from "./image";

const root = path.resolve(__dirname, "../..");
const platforms = ["linux/amd64", "linux/arm64"];
const local = { kind: "local", platform: "linux/arm64" };

/** What is after on docs/migrating.md, and the example without AWS, on real nodes and registries in place of those they name. */
describe("programs that have moved in", function () {
  this.timeout(300_000);
  let machines: Machines;
  const stacks: Stack[] = [];

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
  });

  after(async () => {
    for (const stack of stacks) await endLocalDaemons(stack);
  });

  /** A project of a folder's files, with the registry's name in place of others. */
  async function projectOf(folder: string, host: string, project: string, environment: NodeJS.ProcessEnv) {
    const options = { project, environment, onPath: await prepareTools(["buildkitd", "runc"]) };
    const stack = await Stack.create({ builder: {}, images: {} }, options);
    stacks.push(stack);
    await layOutProject(stack, folder, { "ghcr.io": host });
    return stack;
  }

  async function passes(outcome: Promise<{ code: number | null; output: string }>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  it("build and push what those before did", async () => {
    const { host } = machines.registry;
    const stack = await projectOf("test/unit/docs/pairs", host, "pairs", {
      ...trusting(machines.registry),
      TOKEN: "token",
      CI_REGISTRY: host,
      CI_REGISTRY_IMAGE: `${host}/acme/app`,
      CI_COMMIT_REF_SLUG: "main",
      CI_REGISTRY_USER: "ci",
      CI_REGISTRY_PASSWORD: "password",
      GITHUB_ACTOR: "acme",
      GITHUB_SHA: "4f1c2a9d0b8e",
      GITHUB_TOKEN: "token",
    });
    const mains = ["ghcr", "index", "dockerV4", "bake", "github", "gitlab", "sst", "files", "makefile"];
    const entries = mains.map((main) => `${main}: require("./${main}.after.js")`);
    stack.write("index.js", `module.exports = { ${entries.join(", ")} };\n`);
    const builder = JSON.stringify({ nodes: [machines.amd64.remoteNode(), local] });
    const library = JSON.stringify(await compiled(path.join(root, "components")));
    stack.write(
      "builder.js",
      `const { Builder } = require(${library});\nexports.builder = new Builder("own", ${builder});\n`,
    );
    await passes(stack.run("config", "set", "--secret", "token", "token"));
    await passes(stack.up());
    const { bake, sst, ...others } = await stack.outputs<{
      [name: string]: { ref: string };
      bake: { ref: string; all: string[] } & Record<string, unknown>;
      sst: { ref: string; imageUri: string };
    }>();
    const indexes = [others.ghcr, others.index, others.dockerV4, others.github, others.gitlab].map(({ ref }) => ref);
    for (const ref of [...indexes, ...bake.all]) {
      const { platformDigests } = await inspectIndex(machines.registry, ref.replace(/:[^:@/]+@/, "@"));
      assert.deepEqual(Object.keys(platformDigests).sort(), platforms, ref);
    }
    const four = await inspectIndex(machines.registry, others.makefile.ref.replace(/:[^:@/]+@/, "@"));
    assert.equal(Object.keys(four.platformDigests).length, 4);
    // What Lambda takes: a manifest, which is no index, and has no attestation beside it.
    const manifest = await readManifest(machines.registry, sst.imageUri);
    assert.match(manifest.mediaType, /^application\/vnd\.oci\.image\.manifest\.v1\+json$/);
    assert.equal(manifest.manifests, undefined);
    assert.equal(fs.readFileSync(path.join(stack.directory, "out/hello"), "utf8"), "hello\n");
    await passes(stack.up("--expect-no-changes"));
  });

  it("the example ghcr: a login in the configuration is all that it needs, and nothing of AWS is there", async () => {
    const { run, network, authority } = machines;
    const credentials = { username: "acme", password: crypto.randomUUID() };
    const registry: Registry = await startRegistry(run, authority, { address: network.address, credentials });
    const trusted = { ...registry.trusted, ...machines.registry.trusted };
    const node = await startNamespaceNode(run, network, authority, { name: "ghcr", registries: trusted });
    const stack = await projectOf("examples/ghcr", registry.host, "ghcr", trusting(registry));
    const dockerfile = fs.readFileSync(path.join(stack.directory, "app/Dockerfile"), "utf8");
    assert.match(dockerfile, /^FROM public\.ecr\.aws\/docker\/library\/node:22-alpine$/m);
    stack.write("app/Dockerfile", dockerfile.replace(/^FROM .*$/m, `FROM ${await getBaseImage()}`));
    const config = { username: credentials.username, nodes: JSON.stringify([node.remoteNode(), local]) };
    for (const [key, value] of Object.entries(config)) {
      await passes(stack.run("config", "set", key, value));
    }
    await passes(stack.run("config", "set", "--secret", "token", credentials.password));
    const output = await passes(stack.up());
    assert.ok(!output.includes(credentials.password));
    const { ref, indexDigest } = await stack.outputs<{ ref: string; indexDigest: string }>();
    assert.equal(ref, `${registry.host}/acme/api:1.0@${indexDigest}`);
    const access = ["--creds", `${credentials.username}:${credentials.password}`];
    const index = await inspectIndex(registry, `${registry.host}/acme/api:1.0`, ...access);
    assert.deepEqual([index.digest, Object.keys(index.platformDigests).sort()], [indexDigest, platforms]);
    assert.doesNotMatch(stack.stateText(), /"type": "(aws|tls):/);
    await passes(stack.up("--expect-no-changes"));
  });
});
