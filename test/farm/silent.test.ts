import * as assert from "node:assert/strict";
import * as net from "node:net";

import { record } from "../ec2/timings";
import { execute, type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { runsAll } from "../tier";

/** In `npm test` one of each kind of partition. */
const trials = runsAll ? 5 : 2;
const atOnce = trials;
const delayMilliseconds = 100;

describe("a node that falls silent in the middle of a build", function () {
  this.timeout(600_000);
  let machines: Machines;
  let base: string;
  const nodes: NamespaceNode[] = [];
  const seconds = { noticed: [] as number[], mended: [] as number[] };

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo"]);
    machines = await getMachines();
    base = await getBaseImage();
    const { run, network, authority, registry } = machines;
    for (let at = 1; at <= atOnce; at += 1) {
      nodes.push(await startNamespaceNode(run, network, authority, { name: `n${at}`, registries: registry.trusted }));
    }
  });

  async function stackOf(name: string, node: NamespaceNode, step: string, endpoint = node.endpoint): Promise<Stack> {
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/${name}:1`] };
    const stack = await Stack.create(
      { builder: { nodes: [{ ...node.remoteNode(), endpoint }], wakeTimeoutSeconds: 120 }, images: { app: image } },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", `FROM ${base}\nCOPY seed /seed\nRUN ${step}\n`);
    stack.write("app/seed", `${name} ${Date.now()}`);
    return stack;
  }

  const untilAsleep = (node: NamespaceNode): Promise<void> =>
    waitFor("the RUN step", async () => (await node.processes()).some(({ command }) => /^sleep /.test(command)), 300);

  /** As a cable that is pulled: nothing goes in or out, and the machine goes on. */
  const cable = (node: NamespaceNode, state: "up" | "down"): Promise<string> =>
    execute(["ip", "-n", node.host.namespace, "link", "set", "eth0", state]);

  async function trial(number: number, node: NamespaceNode): Promise<void> {
    const stack = await stackOf(`silent-${number}`, node, "sleep 6");
    const up = stack.start("up", "--yes", "--skip-preview");
    await untilAsleep(node);
    const begin = Date.now();
    // Half of them vanish as behind a firewall, where the machine itself still sends.
    await (number % 2 === 0 ? node.drop() : cable(node, "down"));
    try {
      await waitFor("the loss to be noticed", () => /was lost during the build/.test(up.output()), 150);
    } finally {
      await (number % 2 === 0 ? node.restore() : cable(node, "up"));
    }
    const noticed = (Date.now() - begin) / 1000;
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    assert.match(output, /node amd64 has been silent for \d+ s: its connections are cut, to build again/);
    seconds.noticed.push(noticed);
    seconds.mended.push((Date.now() - begin) / 1000);
  }

  for (let first = 1; first <= trials; first += atOnce) {
    it(`partitioned: the same up succeeds (${first} to ${first + atOnce - 1} of ${trials})`, () =>
      Promise.all(nodes.map((node, at) => trial(first + at, node))));
  }

  it("is slow, or ends what it has and takes no more: it is not cut", () =>
    Promise.all([beSlow(nodes[0]), drain(nodes[1])]));

  after(() => {
    if (seconds.mended.length === trials) {
      record("remote", `partition mid-build → noticed, slowest of ${trials}`, Math.max(...seconds.noticed));
      const event = `partition mid-build → the same update succeeds (the step takes 6 s), slowest of ${trials}`;
      record("remote", event, Math.max(...seconds.mended));
    }
  });

  /** 200 ms more for each round trip, and 2 % of packets lost. */
  async function beSlow(node: NamespaceNode): Promise<void> {
    const proxy = await slowProxy(node, machines.network.address);
    await execute(node.host.enter(["nft", "add rule netdev tests gate numgen random mod 100 < 2 drop"]));
    try {
      const { port } = proxy.address() as net.AddressInfo;
      const stack = await stackOf("slow", node, "sleep 40", `tcp://${machines.network.address}:${port}`);
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      assert.doesNotMatch(output, /silent|was lost/);
    } finally {
      await node.restore();
      proxy.close();
    }
  }

  /** As a node does before it stops: https://github.com/moby/buildkit/issues/4090 */
  async function drain(node: NamespaceNode): Promise<void> {
    const stack = await stackOf("draining", node, "sleep 40");
    const up = stack.start("up", "--yes", "--skip-preview");
    await untilAsleep(node);
    const daemon = (await node.processes()).find(({ command }) => /^\S*buildkitd --config/.test(command));
    assert.ok(daemon, "no daemon");
    process.kill(daemon.pid, "SIGTERM");
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /silent|was lost/);
  }
});

/** Each byte arrives later, in both directions. */
async function slowProxy(node: NamespaceNode, address: string): Promise<net.Server> {
  const { hostname, port } = new URL(node.endpoint);
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      from.on("data", (data) => setTimeout(() => to.writable && to.write(data), delayMilliseconds));
      from.on("error", () => undefined);
      from.on("close", () => setTimeout(() => to.destroy(), delayMilliseconds));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return server;
}
