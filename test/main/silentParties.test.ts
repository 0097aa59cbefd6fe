import * as assert from "node:assert/strict";
import * as net from "node:net";
import * as path from "node:path";

import { providerProcesses } from "../../components/session/providerProcess";
import { openClients } from "../../components/nodes/ec2/run/clients";
import { execute, skipWithout, waitUntil } from "../hosts";
import { type HostProcess, startProcess } from "../hosts/hostProcess";
import { createSource } from "../recipes/checkouts";
import { nightly } from "../tier";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { localNode, plain, type Silence, Silences, wakeTimeoutSeconds } from "./silences";
import { temporaryDirectory, waitFor } from "./stack";

nightly.describe("each party of a build that takes connections and falls silent", function () {
  this.timeout(1_200_000);
  let machines: Machines;
  let silences: Silences;
  let base: string;
  let gitDaemon: HostProcess;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    base = await getBaseImage();
    silences = new Silences(machines);
    await silences.measureAll(parties);
  });

  after(async () => {
    await gitDaemon?.stop();
    await silences?.close();
  });

  const parties: Silence[] = [
    {
      party: `node (wakeTimeoutSeconds: ${wakeTimeoutSeconds})`,
      told: /node amd64 .* did not answer within 20 s .*/,
      seconds: wakeTimeoutSeconds + 20,
      end: async () => {
        const endpoint = `tcp://${await silences.silent(machines.network.address)}`;
        return silences.updated(await silences.stackOf([{ kind: "remote", platform: "linux/amd64", endpoint }], plain));
      },
    },
    {
      party: "registry of a push",
      told: /nothing has moved for \d+ s in the push .* does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () =>
        silences.updated(
          await silences.stackOf([localNode], plain, { tags: [`${await silences.silent("127.0.0.1")}/app:1`] }),
        ),
    },
    {
      party: "registry of a push by an export",
      told: /nothing has moved for \d+ s in the push .* does not answer this machine either\. Fix: .*/,
      seconds: 480,
      end: async () => {
        const registry = { names: [`${await silences.silent("127.0.0.1")}/app:1`] };
        return silences.updated(
          await silences.stackOf([localNode], plain, { push: false, tags: undefined, exports: [{ registry }] }),
        );
      },
    },
    {
      party: "registry of a base image",
      told: /the registry of base image \S+ has not answered node amd64 for \d+ s: it takes connections .*/,
      seconds: 260,
      end: async () =>
        silences.updated(
          await silences.stackOf([localNode], `FROM ${await silences.silent("127.0.0.1")}/base:1\nCOPY Dockerfile /\n`),
        ),
    },
    {
      party: "registry of a cache",
      told: /the registry of cache \S+ has not answered node amd64 for \d+ s: it takes connections .*/,
      seconds: 260,
      end: async () => {
        const registry = { ref: `${await silences.silent("127.0.0.1")}/cache:1` };
        return silences.updated(await silences.stackOf([localNode], plain, { cacheFrom: [{ registry }] }));
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
        const address = await silences.silent("127.0.0.1", (socket) => {
          if ((answered += 1) === 1) {
            const upstream = net.connect(port, "127.0.0.1").on("error", () => socket.destroy());
            socket.pipe(upstream).pipe(socket);
          }
          return answered === 1;
        });
        return silences.updated(await silences.stackOf([localNode], plain, { context: `git://${address}/.git#main` }));
      },
    },
    {
      party: "docker-build's provider, stopped in a step",
      told: /the build has ended on node amd64.*, and docker-build has not said so for \d+ s: it hangs, and its process was ended/,
      seconds: 300,
      end: async () => {
        const stack = await silences.stackOf([machines.amd64.remoteNode()], `FROM ${base}\nRUN sleep 5\n`);
        return silences.updated(stack, async (pid) => {
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
        silences.updated(
          await silences.stackOf([localNode], "FROM 127.0.0.1:1/base:1\nCOPY Dockerfile /\n", {}, { logs: true }),
        ),
    },
    {
      party: "AWS's API, of a hook",
      told: /sts:GetCallerIdentity.*/,
      seconds: 150,
      end: async () => {
        const endpoint = `http://${await silences.silent("127.0.0.1")}`;
        Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
        const opened = openClients({ region: "eu-west-1" }, { endpoints: { sts: endpoint } });
        return opened.then(
          () => assert.fail("AWS answered"),
          ({ message }: Error) => message,
        );
      },
    },
  ];

  for (const silence of parties) {
    it(`${silence.party}: the update ends within ${silence.seconds} s, with a sentence`, () => silences.check(silence));
  }
});
