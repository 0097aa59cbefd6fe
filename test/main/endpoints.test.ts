import * as assert from "node:assert/strict";

import { type NamespaceNode, type SshHost, startNamespaceNode, startSshHost, skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { Stack, type StackOptions } from "./stack";

describe("endpoints of remote nodes", function () {
  this.timeout(300_000);
  let machines: Machines;
  let node: NamespaceNode;
  let ssh: SshHost;

  before(async function () {
    skipWithout(this, ["namespaces", "ssh", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    node = await startNamespaceNode(run, network, authority, { name: "endpoints", registries: registry.trusted });
    ssh = await startSshHost(run, node);
  });

  async function stackOf(endpoint: string, name: string, options: StackOptions = {}): Promise<Stack> {
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/${name}:1`] };
    const nodes = [{ kind: "remote", platform: "linux/amd64", endpoint }];
    const stack = await Stack.create(
      { builder: { nodes, wakeTimeoutSeconds: 20 }, images: { app: image } },
      { environment: trusting(machines.registry), ...options },
    );
    stack.write("app/Dockerfile", `FROM scratch\nCOPY Dockerfile /${name}\n`);
    return stack;
  }

  async function builds(stack: Stack, name: string): Promise<void> {
    const before = (await node.history()).length;
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.equal((await node.history()).length, before + 1);
    const { app } = await stack.outputs<{ app: { indexDigest: string } }>();
    assert.equal(
      app.indexDigest,
      (await inspectIndex(machines.registry, `${machines.registry.host}/${name}:1`)).digest,
    );
  }

  it("unix:// builds on the daemon behind the socket", async () => {
    await builds(await stackOf(`unix://${node.socket}`, "unix"), "unix");
  });

  it("recipe 3: ssh:// builds on the daemon of another host, with this machine's ssh and no Docker there or here", async () => {
    await builds(await stackOf(ssh.endpoint, "ssh", { programs: ssh.binFolder }), "ssh");
  });

  it("ssh:// with the path of a socket reaches that socket", async () => {
    await builds(await stackOf(`${ssh.endpoint}${node.socket}`, "socket", { programs: ssh.binFolder }), "socket");
  });

  it("ssh:// to a host that refuses the key: ssh's own words, within 10 s of the deadline", async () => {
    const stack = await stackOf(ssh.endpoint.replace("root@", "nobody@"), "refused", { programs: ssh.binFolder });
    const { code, output, seconds } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node amd64 \(linux\/amd64, ssh:\/\/nobody@.*\) .*Permission denied/);
    assert.ok(seconds < 30, `${seconds} s`);
  });

  it("ssh:// without ssh on PATH: the program is asked for", async () => {
    const { code, output } = await (await stackOf(ssh.endpoint, "none")).up();
    assert.notEqual(code, 0, output);
    assert.match(output, /there is no such socket or program.*the program ssh is needed here/);
  });
});
