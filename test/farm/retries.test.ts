import * as assert from "node:assert/strict";
import * as path from "node:path";

import { record } from "../ec2/timings";
import {
  execute,
  type NamespaceNode,
  skipWithout,
  startNamespaceNode,
  startTamperingProxy,
  type TamperingProxy,
} from "../hosts";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";

const retried = /retrying create|build again|building again/;

describe("a build that fails", function () {
  this.timeout(600_000);
  let machines: Machines;
  let proxy: TamperingProxy;
  let node: NamespaceNode;
  let base: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    proxy = await startTamperingProxy(run, authority, registry, network.address);
    const registries = { ...registry.trusted, ...proxy.trusted };
    node = await startNamespaceNode(run, network, authority, { name: "retries", registries });
    base = await getBaseImage();
  });

  afterEach(() => proxy?.behave());

  async function stackOf(host: string, dockerfiles: Record<string, string>): Promise<Stack> {
    const image = (name: string) => ({
      context: `./${name}`,
      platforms: ["linux/amd64"],
      tags: [`${host}/retries-${name}:1`],
    });
    const images = Object.fromEntries(Object.keys(dockerfiles).map((name) => [name, image(name)]));
    const trusted = trusting(host === proxy.host ? proxy : machines.registry);
    const builder = { nodes: [node.remoteNode()], wakeTimeoutSeconds: 60 };
    const stack = await Stack.create({ builder, images }, { environment: trusted });
    for (const [name, text] of Object.entries(dockerfiles)) {
      stack.write(`${name}/Dockerfile`, text);
    }
    return stack;
  }

  it("because the registry has too many requests: it waits, and the same up succeeds", async () => {
    const stack = await stackOf(proxy.host, { busy: "FROM scratch\nCOPY Dockerfile /\n" });
    proxy.refuse(429);
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the second wait", () => /building again in 15 s \(2 of 3\)/.test(up.output()), 120);
    proxy.behave();
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    assert.match(output, /a registry has too many requests \(429\); building again in 5 s \(1 of 3\)/);
  });

  it("because the registry refuses the credentials: no other try", async () => {
    const stack = await stackOf(proxy.host, { refused: "FROM scratch\nCOPY Dockerfile /\n" });
    proxy.refuse(401);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /401 Unauthorized/);
    assert.doesNotMatch(output, retried);
  });

  nightly.it("because of its RUN step: no other try", async () => {
    const stack = await stackOf(machines.registry.host, { broken: `FROM ${base}\nRUN echo sorry && exit 3\n` });
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /exit code: 3/);
    assert.doesNotMatch(output, retried);
  });

  describe("because the disk is full", () => {
    let root: string;

    before(async () => {
      const folder = path.dirname(node.socket);
      root = path.join(folder, "root");
      await node.stop();
      await execute(["truncate", "--size", "512M", path.join(folder, "disk")]);
      await execute(["mkfs.ext4", "-q", "-m", "0", path.join(folder, "disk")]);
      await execute(["mount", "-o", "loop", path.join(folder, "disk"), root]);
      await node.start();
    });

    after(async () => {
      await node.stop();
      await execute(["umount", root]);
    });

    // BuildKit needs some room to note what it removes. EC2 nodes keep it for that: diskFull.test.ts.
    const fill = (megabytes: number): string =>
      `FROM ${base}
RUN dd if=/dev/zero of=/room bs=1M count=32; dd if=/dev/urandom of=/filler bs=1M count=${megabytes}; code=$?; rm /room; exit $code
`;

    it("as a step says alone, while the disk has room: no cache is removed", async () => {
      const kept = `FROM ${base}\nRUN head -c 1000000 /dev/urandom > /kept\n`;
      const lying = `FROM ${base}\nRUN echo "ok 41 - no space left on device"; exit 1\n`;
      const stack = await stackOf(machines.registry.host, { kept });
      assert.equal((await stack.up()).code, 0);
      const other = await stackOf(machines.registry.host, { lying });
      const { code, output } = await other.up();
      assert.notEqual(code, 0, output);
      assert.match(output, /the disk of node amd64 has room: its cache stays\. Building again, once/);
      assert.match(output, /the disk of node amd64 has room: its cache stays\. .* Fix: correct that step/);
      assert.doesNotMatch(output, /of its cache were removed/);
      stack.write("kept/Dockerfile", `${kept}RUN true\n`);
      const again = await stack.up();
      assert.equal(again.code, 0, again.output);
      assert.match(again.output, /CACHED/);
    });

    it("of what earlier builds left: that is removed, and the same up succeeds", async () => {
      const earlier = await stackOf(machines.registry.host, { first: fill(160) });
      const first = await earlier.up();
      assert.equal(first.code, 0, first.output);
      const stack = await stackOf(machines.registry.host, { second: fill(170) });
      const { code, output, seconds } = await stack.up();
      assert.equal(code, 0, output);
      assert.match(output, /the disk of node amd64 is full; removing what no build uses, to build again/);
      assert.match(output, /node amd64: \d+ MB of its cache were removed/);
      record("remote", "disk full → the same update succeeds (an image of 170 MB, both builds and the push)", seconds);
    });
  });
});
