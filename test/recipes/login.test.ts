import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools, type Tool } from "../../tools";
import { type NamespaceNode, type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack } from "../main/stack";

const password = crypto.randomUUID();

describe("a registry that wants a login", function () {
  this.timeout(300_000);
  let registry: Registry;
  let node: NamespaceNode;
  let onPath: Tool[];

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    const { run, network, authority } = await getMachines();
    registry = await startRegistry(run, authority, {
      address: network.address,
      credentials: { username: "builder", password },
    });
    node = await startNamespaceNode(run, network, authority, { name: "login", registries: registry.trusted });
    onPath = await prepareTools(["buildkitd", "runc"]);
  });

  async function upWith(environment: NodeJS.ProcessEnv, config?: object) {
    const builder = {
      nodes: [
        { ...node.remoteNode(), name: "one" },
        { kind: "local", platform: "linux/arm64", name: "two" },
      ],
    };
    const app = {
      context: "./app",
      platforms: ["linux/amd64", "linux/arm64"],
      tags: [`${registry.host}/login:1`],
      registries: [{ address: registry.host, username: "builder", password }],
    };
    const options = { environment: { ...trusting(registry), ...environment }, onPath };
    const stack = await Stack.create({ builder, images: { app } }, options);
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /$TARGETARCH\n");
    if (config) {
      fs.mkdirSync(path.join(stack.home, ".docker"), { recursive: true });
      fs.writeFileSync(path.join(stack.home, ".docker/config.json"), JSON.stringify(config));
    }
    return stack.up();
  }

  const login = () => ({
    auths: { [registry.host]: { auth: Buffer.from(`builder:${password}`).toString("base64") } },
  });

  it("recipe 20, 22: gets no index of several nodes by `registries` alone, and cause and fix are told", async () => {
    const { code, output } = await upWith({});
    assert.notEqual(code, 0, output);
    assert.match(output, /wants a login that Docker's configuration lacks/);
    assert.match(output, /pushes the index of several nodes with Docker's own login, not with `registries`/);
    assert.doesNotMatch(output, /is awake/);
  });

  it("recipe 20: gets it with Docker's own login", async () => {
    const { code, output } = await upWith({}, login());
    assert.equal(code, 0, output);
  });

  it("recipe 20: gets it with a login in the environment", async () => {
    const { code, output } = await upWith({ DOCKER_AUTH_CONFIG: JSON.stringify(login()) });
    assert.equal(code, 0, output);
  });
});
