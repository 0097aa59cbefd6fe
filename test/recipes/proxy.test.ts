import * as assert from "node:assert/strict";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack } from "../main/stack";
import { type LoggingProxy, startProxy } from "../unit/registry/proxies";

const password = "a password that no proxy may see";

describe("a registry with a login behind a proxy that takes CONNECT alone", function () {
  this.timeout(300_000);
  let registry: Registry;
  let proxy: LoggingProxy;
  let nodes: unknown[];
  let address: string;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    const { run, network, authority } = await getMachines();
    ({ address } = network);
    registry = await startRegistry(run, authority, { address, credentials: { username: "ci", password } });
    const node = await startNamespaceNode(run, network, authority, { name: "proxied", registries: registry.trusted });
    nodes = [node.remoteNode(), { kind: "local", platform: "linux/arm64" }];
    proxy = await startProxy({});
  });
  after(() => proxy?.stop());

  async function build(name: string, environment: NodeJS.ProcessEnv): Promise<string> {
    const image = { context: "./app", tags: [`${registry.host}/${name}:1`] };
    const stack = await Stack.create(
      { builder: { nodes }, images: { app: image } },
      {
        environment: { ...trusting(registry), HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, ...environment },
        onPath: await prepareTools(["buildkitd", "runc"]),
      },
    );
    stack.write("app/Dockerfile", `FROM scratch\nCOPY Dockerfile /${name}\n`);
    const auth = Buffer.from(`ci:${password}`).toString("base64");
    const config = { auths: { [registry.host]: { auth } } };
    // Docker's own login, with which docker-build pushes the index.
    stack.write(path.relative(stack.directory, path.join(stack.home, ".docker/config.json")), JSON.stringify(config));
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    return output;
  }

  it("is read through it, as docker-build pushes, and the proxy sees no login", async () => {
    await build("proxied", {});
    const log = proxy.log.splice(0);
    const seen = log.join("\n");
    const hostsOf = (isGo: boolean) => [
      ...new Set(log.filter((each) => each.includes("Go-http-client") === isGo).map((each) => each.split(/[ \n]/)[1])),
    ];
    const asked = [...new Set([...seen.matchAll(/^(?:GET|CONNECT|POST|PUT|HEAD) .*$/gm)].map(([line]) => line))];
    assert.deepEqual(asked, [`CONNECT ${registry.host}`]);
    // Go's client names itself to a proxy, and Node's does not: both have come this way.
    assert.deepEqual([hostsOf(false), hostsOf(true)], [[registry.host], [registry.host]]);
    assert.doesNotMatch(seen, /^(proxy-)?authorization$/im);
    assert.ok(!seen.includes(password) && !seen.includes(Buffer.from(`ci:${password}`).toString("base64")));
  });

  it("is asked directly by both where NO_PROXY has its network", async () => {
    await build("direct", { NO_PROXY: `${address.replace(/\d+$/, "0")}/24` });
    assert.deepEqual(proxy.log, []);
  });
});
