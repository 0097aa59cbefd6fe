import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { inspectIndex, trusting } from "../main/image";
import { type Outcome, Stack } from "../main/stack";
import { layOutProject } from "./exampleProject";
import { pushSmallImage } from "./smallImage";

const services = ["api", "worker"];

/** On real nodes and a registry with a login, in place of those that its README names. */
describe("the example automation", function () {
  this.timeout(600_000);
  const credentials = { username: "acme", password: crypto.randomUUID() };
  let registry: Registry;
  let project: Stack;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    const { run, network, authority } = await getMachines();
    registry = await startRegistry(run, authority, { address: network.address, credentials });
    const { username, password } = credentials;
    const base = {
      name: "acme/base:1",
      platforms: ["linux/amd64", "linux/arm64"],
      credentials: `${username}:${password}`,
    };
    await pushSmallImage(registry, base);
    const nodes = ["linux/amd64", "linux/arm64"].map((platform) => {
      const options = { name: platform.replace("linux/", "deployed-"), platform: platform as "linux/amd64" };
      return startNamespaceNode(run, network, authority, { ...options, registries: registry.trusted });
    });
    const environment = {
      ...trusting(registry),
      PULUMI_CONFIG_PASSPHRASE: "correct horse",
      REGISTRY: registry.host,
      REGISTRY_USER: username,
      REGISTRY_TOKEN: password,
    };
    project = await Stack.create({ builder: {}, images: {} }, { environment });
    await layOutProject(project, "examples/automation", {});
    project.write("nodes.json", JSON.stringify((await Promise.all(nodes)).map((node) => node.remoteNode())));
    for (const service of services) {
      const file = `services/${service}/Dockerfile`;
      const dockerfile = fs.readFileSync(path.join(project.directory, file), "utf8");
      assert.match(dockerfile, /^FROM public\.ecr\.aws\/docker\/library\/node:22-alpine$/m);
      project.write(file, dockerfile.replace(/^FROM .*$/m, `FROM ${registry.host}/acme/base:1`));
    }
  });

  async function deploy(...words: string[]): Promise<Outcome> {
    const outcome = await project.startOther("node", path.join(project.directory, "deploy.js"), ...words).done;
    assert.ok(!outcome.output.includes(credentials.password), "its token is shown");
    return outcome;
  }

  const refsIn = (output: string) =>
    Object.fromEntries(
      [...output.matchAll(/^(\w+ \w+) (\S+@sha256:[0-9a-f]{64})$/gm)].map(([, what, ref]) => [what, ref]),
    );

  it("updates two environments side by side, with each line under its name, and says what was pushed", async () => {
    const { code, output } = await deploy("up", "dev", "prod");
    assert.equal(code, 0, output);
    const refs = refsIn(output);
    assert.deepEqual(Object.keys(refs), ["dev api", "dev worker", "prod api", "prod worker"]);
    for (const [what, ref] of Object.entries(refs)) {
      const [stack, service] = what.split(" ");
      const access = ["--creds", `${credentials.username}:${credentials.password}`];
      const index = await inspectIndex(registry, `${registry.host}/acme/${service}:${stack}`, ...access);
      assert.equal(ref, `${registry.host}/acme/${service}@${index.digest}`);
      assert.match(output, new RegExp(`^${stack} \\| .*building image ${service}-linux-arm64: `, "m"));
    }
    assert.notEqual(refs["dev api"], refs["prod api"], "the environments have a log level of their own");
  });

  it("again builds nothing; one that fails is named, and the other is updated", async () => {
    project.write("services/worker/server.js", "// changed\n");
    const file = "environments.js";
    const environments = fs.readFileSync(path.join(project.directory, file), "utf8");
    project.write(file, `${environments}\nexports.environments.prod.logLevel = ["no text"];\n`);
    const { code, output } = await deploy("up", "dev", "prod");
    assert.equal(code, 1, output);
    assert.match(output, /^prod failed: /m);
    assert.deepEqual(Object.keys(refsIn(output)), ["dev api", "dev worker"]);
    assert.doesNotMatch(output, /^dev \| .*building image api/m);
    project.write(file, environments);
  });

  it("removes what it has made, and keeps the images", async () => {
    const { code, output } = await deploy("destroy", "dev", "prod");
    assert.equal(code, 0, output);
    assert.match(output, /^dev destroyed$/m);
    assert.match(output, /^prod destroyed$/m);
    const access = ["--creds", `${credentials.username}:${credentials.password}`];
    await inspectIndex(registry, `${registry.host}/acme/api:dev`, ...access);
  });

  it("says what it takes, where it is given something else", async () => {
    const { code, output } = await deploy("up", "test");
    assert.deepEqual([code, /up or destroy, .* dev, staging, prod/.test(output)], [1, true], output);
  });
});
