import * as assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";

import { providerProcesses } from "../../components/session/providerProcess";
import { execute, skipWithout } from "../hosts";
import type { StackSpec } from "../recipes/automationProgram";
import { Deployer } from "../recipes/deployer";
import { nightly } from "../tier";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { localNode, plain, type Silence, Silences } from "./silences";
import { type Outcome, waitFor } from "./stack";

// Of a layer, which is larger.
const mostBytes = 100_000;
// Longer than a server that has not begun to answer has.
const slowMilliseconds = 330_000;

nightly.describe("each server of a build that falls silent, and a provider beside others", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let silences: Silences;
  let base: string;
  let slow: Promise<Outcome>;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    base = await getBaseImage();
    silences = new Silences(machines);
    slow = addSlowly();
    await Promise.allSettled([silences.measureAll(parties), slow]);
  });

  after(() => silences?.close());

  /** Two stacks in one process, each with an engine and a provider of its own, of which one is stopped in a step. */
  async function stopOneOfTwo(): Promise<string> {
    const deployer = await Deployer.start(trusting(machines.registry));
    const specOf = (name: string): StackSpec => {
      deployer.stack.write(`${name}/Dockerfile`, `FROM ${base}\nRUN sleep 9 && echo ${name}\n`);
      const context = `${deployer.stack.directory}/${name}`;
      const tags = [`${machines.registry.host}/silent-${name}:1`];
      const nodes = [machines.amd64.remoteNode()] as StackSpec["builder"]["nodes"];
      return { builder: { nodes }, images: { web: { context, platforms: ["linux/amd64"], tags } } };
    };
    const updated = deployer.update({ dev: specOf("dev"), prod: specOf("prod") }, 400);
    await waitFor("both steps", async () => {
      const steps = (await machines.amd64.processes()).filter(({ command }) => /^sleep 9/.test(command));
      return steps.length === 2;
    });
    const begin = Date.now();
    const engines = (await execute(["pgrep", "-P", String(deployer.process.child.pid), "pulumi"])).trim().split("\n");
    const providers = engines.map((engine) => providerProcesses(undefined, Number(engine)));
    assert.deepEqual(
      providers.map(({ length }) => length),
      [1, 1],
    );
    process.kill(providers[0][0], "SIGSTOP");
    const outcomes = Object.values(await updated);
    const seconds = (Date.now() - begin) / 1_000;
    await deployer.end();
    const errors = outcomes.flatMap(({ error, output }) => (error === undefined ? [] : [`${error}\n${output}`]));
    assert.equal(errors.length, 1, errors.join("\n"));
    return `${errors[0]}\nseconds: ${seconds}\n`;
  }

  async function addSlowly(): Promise<Outcome> {
    const server = http.createServer((_, response) => {
      const timer = setInterval(() => response.write("x"), 5_000);
      setTimeout(() => {
        clearInterval(timer);
        response.end();
      }, slowMilliseconds);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    try {
      const stack = await silences.stackOf([localNode], `FROM scratch\nADD http://127.0.0.1:${port}/x /\n`);
      return await stack.up();
    } finally {
      server.close();
    }
  }

  const parties: Silence[] = [
    {
      party: "registry of a cache that is written",
      told: /nothing has moved for \d+ s in what node amd64 writes to the cache, and its server \(\S+\) does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () => {
        const registry = { ref: `${await silences.silent("127.0.0.1")}/cache:1` };
        return silences.updated(await silences.stackOf([localNode], plain, { cacheTo: [{ registry }] }));
      },
    },
    {
      party: "server of an ADD",
      told: /a server of `ADD \S+ \/` has not begun to answer node amd64 for \d+ s: it takes connections .*/,
      seconds: 400,
      end: async () => {
        const dockerfile = `FROM scratch\nADD http://${await silences.silent("127.0.0.1")}/x /\n`;
        return silences.updated(await silences.stackOf([localNode], dockerfile));
      },
    },
    {
      party: "registry of a base image, in a layer",
      told: /the registry of base image \S+ has sent node amd64 nothing for \d+ s: it has stopped in the middle of a layer.*/,
      seconds: 300,
      end: async () => {
        const [address, port] = machines.registry.host.split(":");
        const host = await silences.silent(address, (socket) => {
          let sent = 0;
          const upstream = net.connect(Number(port), address).on("error", () => socket.destroy());
          socket.on("close", () => upstream.destroy()).pipe(upstream);
          upstream.on("data", (bytes) => (sent += bytes.length) <= mostBytes && socket.write(bytes));
        });
        const from = base.replace(machines.registry.host, host);
        return silences.updated(await silences.stackOf([localNode], `FROM ${from}\nRUN true\n`));
      },
    },
    {
      party: "docker-build's provider, stopped in a step, of one of two stacks of a process",
      told: /the build has ended on node amd64.*, and docker-build has not said so for \d+ s: it hangs, and its process was ended/,
      seconds: 300,
      end: stopOneOfTwo,
    },
  ];

  for (const silence of parties) {
    it(`${silence.party}: the update ends within ${silence.seconds} s, with a sentence`, () => silences.check(silence));
  }

  it("but not the server of an ADD that sends a byte now and then", async () => {
    const { code, output, seconds } = await slow;
    assert.equal(code, 0, output);
    assert.ok(seconds * 1_000 >= slowMilliseconds, `${seconds} s`);
    assert.match(output, /`ADD \S+ \/` has been at its download for 30 s on node amd64; its server is asked from here/);
  });
});
