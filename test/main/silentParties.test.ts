import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { providerProcesses } from "../../components/session/providerProcess";
import { openClients } from "../../components/nodes/ec2/run/clients";
import { prepareTools } from "../../tools";
import { execute, skipWithout, waitUntil } from "../hosts";
import { type HostProcess, startProcess } from "../hosts/hostProcess";
import { createSource } from "../recipes/checkouts";
import { nightly } from "../tier";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { endLocalDaemons } from "./processes";
import { type Spec, Stack, temporaryDirectory, waitFor } from "./stack";

const nodeSeconds = 20;

interface Silence {
  party: string;
  /** What the update says in the end. */
  told: RegExp;
  /** At most, from the first hook on. */
  seconds: number;
  /** Has the party fall silent, and gives all that is said until the end. */
  end: () => Promise<string>;
}

nightly.describe("each party of a build that takes connections and falls silent", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let base: string;
  let gitDaemon: HostProcess;
  const servers: net.Server[] = [];
  const local: Stack[] = [];
  const ended = new Map<string, { seconds: number; said: string }>();

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    base = await getBaseImage();
    // Side by side: most of it is waiting.
    const done = await Promise.allSettled(parties.map(measure));
    done.forEach((each) => each.status === "rejected" && console.log(each.reason));
    const rows = parties.map(({ party, told }) => {
      const { seconds, said } = ended.get(party) ?? { seconds: NaN, said: "" };
      return `      ${party} | ${seconds.toFixed(0)} s | ${told.exec(said)?.[0].replace(/\s+/g, " ") ?? "?"}`;
    });
    console.log(["      silent party | until the update ended | its sentence", ...rows].join("\n"));
  });

  after(async () => {
    servers.forEach((server) => server.close());
    await gitDaemon?.stop();
    for (const stack of local) {
      await endLocalDaemons(stack);
    }
  });

  async function measure({ party, end }: Silence): Promise<void> {
    const begin = Date.now();
    const said = await end();
    // Of an update, from its first hook on: Pulumi's own start takes as long as other tests let it.
    const [, seconds = (Date.now() - begin) / 1_000] = /^seconds: (\S+)$/m.exec(said) ?? [];
    ended.set(party, { seconds: Number(seconds), said });
  }

  /** Where it listens on an address, with the connections before it falls silent handed on. */
  async function silent(address: string, handOn?: (socket: net.Socket) => boolean): Promise<string> {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      handOn?.(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return `${address}:${(server.address() as net.AddressInfo).port}`;
  }

  async function updated(stack: Stack, meanwhile?: (pid: number | undefined) => Promise<void>): Promise<string> {
    const up = stack.start("up", "--yes", "--skip-preview");
    // Where the log waits for the image, no line comes before the end.
    if (!stack.spec().logs) {
      await waitFor("the first hook", () => up.output().includes("building image app"), 300);
    }
    const begin = Date.now();
    await meanwhile?.(up.child.pid);
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    return `${output}\nseconds: ${(Date.now() - begin) / 1_000}\n`;
  }

  async function stackOf(nodes: object[], dockerfile: string, app: object, spec: Partial<Spec> = {}): Promise<Stack> {
    const isLocal = nodes.some((node) => (node as { kind: string }).kind === "local");
    const programs = temporaryDirectory("programs");
    fs.symlinkSync((await execute(["sh", "-c", "command -v git"])).trim(), path.join(programs, "git"));
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/s:1`], ...app };
    const stack = await Stack.create(
      { builder: { nodes, wakeTimeoutSeconds: nodeSeconds }, images: { app: image }, ...spec },
      { environment: trusting(machines.registry), programs, onPath: await prepareTools(["buildkitd", "runc"]) },
    );
    stack.write("app/Dockerfile", dockerfile);
    if (isLocal) {
      local.push(stack);
    }
    return stack;
  }

  // Its loopback is this machine's, where registries need no TLS.
  const localNode = { kind: "local", platform: "linux/amd64" };
  const plain = "FROM scratch\nCOPY Dockerfile /\n";

  const parties: Silence[] = [
    {
      party: `node (wakeTimeoutSeconds: ${nodeSeconds})`,
      told: /node amd64 .* did not answer within 20 s .*/,
      seconds: nodeSeconds + 20,
      end: async () => {
        const endpoint = `tcp://${await silent(machines.network.address)}`;
        return updated(await stackOf([{ kind: "remote", platform: "linux/amd64", endpoint }], plain, {}));
      },
    },
    {
      party: "registry of a push",
      told: /nothing has moved for \d+ s in the push .* does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () => updated(await stackOf([localNode], plain, { tags: [`${await silent("127.0.0.1")}/app:1`] })),
    },
    {
      party: "registry of a push by an export",
      told: /nothing has moved for \d+ s in the push .* does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () => {
        const registry = { names: [`${await silent("127.0.0.1")}/app:1`] };
        return updated(await stackOf([localNode], plain, { push: false, tags: undefined, exports: [{ registry }] }));
      },
    },
    {
      party: "registry of a base image",
      told: /the registry of base image \S+ has not answered node amd64 for \d+ s: it takes connections .*/,
      seconds: 260,
      end: async () =>
        updated(await stackOf([localNode], `FROM ${await silent("127.0.0.1")}/base:1\nCOPY Dockerfile /\n`, {})),
    },
    {
      party: "registry of a cache",
      told: /the registry of cache \S+ has not answered node amd64 for \d+ s: it takes connections .*/,
      seconds: 260,
      end: async () => {
        const registry = { ref: `${await silent("127.0.0.1")}/cache:1` };
        return updated(await stackOf([localNode], plain, { cacheFrom: [{ registry }] }));
      },
    },
    {
      party: "Git server, in BuildKit's own fetch",
      told: /node amd64 has been fetching \S+ for \d+ s, and the Git server does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () => {
        const source = await createSource({ Dockerfile: plain });
        await source.commit("first");
        const port = 9419;
        const listen = ["--listen=127.0.0.1", `--port=${port}`, "--reuseaddr"];
        gitDaemon = startProcess(
          machines.run,
          ["git", "daemon", "--export-all", `--base-path=${source.folder}`, ...listen],
          { log: path.join(temporaryDirectory("git"), "daemon.log") },
        );
        await waitUntil("git's daemon", () => execute(["git", "ls-remote", `git://127.0.0.1:${port}/.git`]), {
          timeoutMilliseconds: 30_000,
          pauseMilliseconds: 200,
        });
        // It answers the look-up, and nobody after that.
        let answered = 0;
        const address = await silent("127.0.0.1", (socket) => {
          if ((answered += 1) === 1) {
            const upstream = net.connect(port, "127.0.0.1").on("error", () => socket.destroy());
            socket.pipe(upstream).pipe(socket);
          }
          return answered === 1;
        });
        return updated(await stackOf([localNode], plain, { context: `git://${address}/.git#main` }));
      },
    },
    {
      party: "docker-build's provider, stopped in a step",
      told: /the build has ended on node amd64.*, and docker-build has not said so for \d+ s: it hangs, and its process was ended/,
      seconds: 300,
      end: async () => {
        const stack = await stackOf([machines.amd64.remoteNode()], `FROM ${base}\nRUN sleep 5\n`, {});
        return updated(stack, async (pid) => {
          await waitFor("the step", async () =>
            (await machines.amd64.processes()).some(({ command }) => /^sleep 5/.test(command)),
          );
          providerProcesses(undefined, pid).forEach((each) => process.kill(each, "SIGSTOP"));
        });
      },
    },
    {
      party: "the queue of Pulumi's log",
      told: /the registry of base image \S+:1\/base:1 refuses connections.*/,
      seconds: 120,
      end: async () =>
        updated(await stackOf([localNode], "FROM 127.0.0.1:1/base:1\nCOPY Dockerfile /\n", {}, { logs: true })),
    },
    {
      party: "AWS's API, of a hook",
      told: /sts:GetCallerIdentity.*/,
      seconds: 150,
      end: async () => {
        const endpoint = `http://${await silent("127.0.0.1")}`;
        Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
        const opened = openClients({ region: "eu-west-1" }, { endpoints: { sts: endpoint } });
        return opened.then(
          () => assert.fail("AWS answered"),
          ({ message }: Error) => message,
        );
      },
    },
  ];

  for (const { party, told, seconds } of parties) {
    it(`${party}: the update ends within ${seconds} s, with a sentence`, () => {
      const found = ended.get(party);
      assert.match(found?.said ?? "", told);
      assert.ok(found && found.seconds < seconds, `${found?.seconds} s`);
    });
  }
});
