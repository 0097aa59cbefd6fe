import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as net from "node:net";

import { providerProcesses } from "../../components/session/providerProcess";
import { skipWithout } from "../hosts";
import { nightly } from "../tier";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { type Outcome, Stack, waitFor } from "./stack";

const lost = /was lost|retrying create/;

describe("a build that somebody else than its node makes fail", function () {
  this.timeout(600_000);
  let machines: Machines;
  let base: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    base = await getBaseImage();
  });

  async function stackOf(name: string, dockerfile: string, image: object = {}): Promise<Stack> {
    const { amd64, registry } = machines;
    const args = { context: "./app", platforms: ["linux/amd64"], tags: [`${registry.host}/blame-${name}:1`], ...image };
    const stack = await Stack.create(
      { builder: { nodes: [amd64.remoteNode()] }, images: { app: args } },
      { environment: trusting(registry) },
    );
    stack.write("app/Dockerfile", dockerfile);
    return stack;
  }

  /** From the first hook on: Pulumi's own start takes as long as other tests let it. */
  async function failed(stack: Stack): Promise<Outcome> {
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the first hook", () => up.output().includes("building image app"));
    const begin = Date.now();
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    assert.doesNotMatch(output, lost);
    return { code, output, seconds: (Date.now() - begin) / 1000 };
  }

  it("a registry where nothing listens: one build, and its registry is named", async () => {
    const stack = await stackOf("refused", "FROM scratch\nCOPY Dockerfile /\n", {
      tags: [`${machines.network.address}:1/refused:1`],
    });
    const { output } = await failed(stack);
    assert.match(output, /the registry of \S+:1\/refused:1 refuses connections: .* No node is to blame\. Fix: /);
  });

  it("a base image's registry where nothing listens, while the log waits for the image: the update ends, and says so", async () => {
    const stack = await stackOf("queue", `FROM ${machines.network.address}:1/base:1\nCOPY Dockerfile /\n`);
    stack.declare({ ...stack.spec(), logs: true });
    const begin = Date.now();
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /the registry of base image \S+:1\/base:1 refuses connections/);
    assert.ok(Date.now() - begin < 120_000, output);
  });

  nightly.it(
    "the same registry, while the log waits for a second image, whose Git server can't be asked: the update ends",
    async () => {
      const stack = await stackOf("first", `FROM ${machines.network.address}:1/base:1\nCOPY Dockerfile /\n`);
      const { app } = stack.spec().images;
      const second = { ...(app as object), context: "http://127.0.0.1:1/x.git#main" };
      stack.declare({ ...stack.spec(), images: { app, second } });
      const { output, seconds } = await failed(stack);
      assert.match(output, /the registry of base image \S+:1\/base:1 refuses connections/);
      assert.ok(seconds < 120, `${seconds} s`);
    },
  );

  it("the provider, which is killed in a step: no other build, and no node is named", async () => {
    const stack = await stackOf("killed", `FROM ${base}\nRUN sleep 60\n`);
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the step", async () =>
      (await machines.amd64.processes()).some(({ command }) => /^sleep 60/.test(command)),
    );
    const [provider] = providerProcesses(undefined, up.child.pid);
    process.kill(provider, "SIGKILL");
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    assert.doesNotMatch(output, lost);
    assert.match(output, /the docker-build provider, a process of Pulumi on this machine, has ended during the build/);
  });

  nightly.it(
    "the provider, which is killed while a context is sent: no other build, and no node is named",
    async () => {
      const stack = await stackOf("sent", "FROM scratch\nCOPY large /\n");
      // Random, so that nothing makes it smaller; it takes seconds.
      stack.write("app/large", crypto.randomBytes(400 << 20));
      const up = stack.start("up", "--yes", "--skip-preview");
      await waitFor("the context", () => /transferring context: [\d.]+MB/.test(up.output()));
      const [provider] = providerProcesses(undefined, up.child.pid);
      process.kill(provider, "SIGKILL");
      const { code, output } = await up.done;
      assert.notEqual(code, 0, output);
      assert.doesNotMatch(output, lost);
      assert.doesNotMatch(output, /transferring context: [\d.]+MB [\d.]+s done/);
      assert.match(
        output,
        /the docker-build provider, a process of Pulumi on this machine, has ended during the build/,
      );
    },
  );

  nightly.it(
    "the provider, which hangs after a line of more than 64 KiB: the update ends, and the step is named",
    async () => {
      const line = "head -c 66000 /dev/zero | tr '\\\\0' x; echo";
      const stack = await stackOf("long", `FROM ${base}\nRUN ${[line, line, line].join("; ")}\n`);
      const { output, seconds } = await failed(stack);
      assert.match(
        output,
        /the build has ended on node amd64, and docker-build has not said so for 30 s; waiting at most 120 s/,
      );
      assert.match(output, /it hangs, and its process was ended\. .* one line of more than 64 KiB .*Fix: /);
      assert.ok(seconds < 240, `${seconds} s`);
    },
  );

  nightly.it("a base image's registry, which takes connections and stays silent: the update ends", async () => {
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, machines.network.address, resolve));
    const { port } = silent.address() as net.AddressInfo;
    const registry = `${machines.network.address}:${port}`;
    const stack = await stackOf("silent", `FROM ${registry}/base:1\nCOPY Dockerfile /\n`);
    try {
      const { output, seconds } = await failed(stack);
      assert.match(
        output,
        /the registry of base image \S+\/base:1 has not answered node amd64 for 30 s; waiting at most 180 s/,
      );
      // By TLS, for which BuildKit has a limit. Without it there is none: endings.test.ts.
      assert.match(output, /the registry of base image \S+\/base:1 can't be reached\. No node is to blame\. Fix: /);
      assert.ok(seconds < 300, `${seconds} s`);
    } finally {
      silent.close();
    }
  });
});
