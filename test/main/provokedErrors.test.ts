import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { classifyFailure } from "../../components/session/verdict";
import { prepareTools } from "../../tools";
import { execute, skipWithout, startRegistry, waitUntil } from "../hosts";
import { startProcess } from "../hosts/hostProcess";
import { nightly } from "../tier";
import { buildFailures } from "../unit/session/buildFailures";
import type { Failure } from "../unit/session/failures";
import { pushFailures } from "../unit/session/pushFailures";
import { FaultyRegistry } from "./faultyRegistry";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { type Places, provokedErrors } from "./provokedErrors";
import { Stack, temporaryDirectory } from "./stack";

const builderName = "faults";
const known: readonly Failure[] = [...pushFailures, ...buildFailures];
const provoked = known.filter(({ how }) => provokedErrors[how]);

/** Besides these, lostNode.test.ts and blame.test.ts have nodes and the provider fail. */
nightly.describe("errors of the classifier's table, made again: one update of docker-build's own images", function () {
  this.timeout(600_000);
  let machines: Machines;
  let faulty: FaultyRegistry;
  let greeting: net.Server;
  let errors: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    faulty = await FaultyRegistry.start();
    greeting = net.createServer((socket) => void socket.on("error", () => undefined).end("SSH-2.0-x\r\n"));
    await new Promise<void>((resolve) => greeting.listen(0, "127.0.0.1", resolve));
    const { run, authority, network, registry } = machines;
    const credentials = { username: "ci", password: "secret" };
    const closed = await startRegistry(run, authority, { address: network.address, credentials });
    errors = await provoke({
      registry: registry.host,
      closedRegistry: closed.host,
      faulty: faulty.port,
      ssh: `localhost:${(greeting.address() as net.AddressInfo).port}`,
      base: await getBaseImage(),
    });
    print();
  });

  after(() => {
    faulty?.close();
    greeting?.close();
  });

  /** @returns the folder with what each hook got, by the number of its row. */
  async function provoke(places: Places): Promise<string> {
    const environment = { SSL_CERT_FILE: machines.registry.bundleFile };
    const stack = await Stack.create(
      { builder: {}, images: {} },
      { environment, program: `${__dirname}/errorsProgram` },
    );
    await register(await startBuildkitd(environment), stack.home);
    const images = provoked.map(({ how }, at): [string, object] => {
      const { dockerfile: inline = "FROM scratch\nCOPY Dockerfile /\n", ...input } = provokedErrors[how](places);
      const image = {
        builder: { name: builderName },
        context: { location: "./app" },
        dockerfile: { inline },
        platforms: ["linux/amd64"],
        tags: [`${places.registry}/provoked:${at}`],
        push: true,
        ...input,
      };
      return [String(at), image];
    });
    stack.declare({ builder: {}, images: Object.fromEntries(images) });
    stack.write("app/Dockerfile", "");
    const folder = path.join(stack.directory, "errors");
    fs.mkdirSync(folder);
    const { code, output } = await stack.up("--continue-on-error", "--parallel", "8");
    assert.notEqual(code, 0, output);
    return folder;
  }

  async function startBuildkitd(environment: NodeJS.ProcessEnv): Promise<string> {
    const [buildkitd, runc] = await prepareTools(["buildkitd", "runc"]);
    const folder = temporaryDirectory("buildkitd");
    const socket = path.join(folder, "s.sock");
    const config = path.join(folder, "buildkitd.toml");
    fs.writeFileSync(config, `[otel]\nsocketPath = ${JSON.stringify(path.join(folder, "otel.sock"))}\n`);
    const PATH = `${path.dirname(runc.path)}:${process.env.PATH}`;
    const words = ["--config", config, "--root", path.join(folder, "root"), "--addr", `unix://${socket}`];
    startProcess(machines.run, [buildkitd.path, ...words, "--oci-worker-net", "host"], {
      log: path.join(folder, "log"),
      env: { ...process.env, ...environment, PATH },
    });
    await waitUntil("buildkitd", () => Promise.resolve(fs.statSync(socket)).then(() => undefined), {
      timeoutMilliseconds: 30_000,
      pauseMilliseconds: 200,
    });
    return socket;
  }

  async function register(socket: string, home: string): Promise<void> {
    const [buildx] = await prepareTools(["buildx"]);
    const create = ["create", "--name", builderName, "--driver", "remote", `unix://${socket}`];
    await execute(["env", `HOME=${home}`, buildx.path, ...create]);
  }

  function errorOf(row: Failure): string {
    const file = path.join(errors, String(provoked.indexOf(row)));
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "it was built";
  }

  function verdictOf(row: Failure) {
    return classifyFailure(errorOf(row), { nodeHungUp: false, isProviderConnected: true });
  }

  function print(): void {
    const rows = provoked.map((row) => {
      const { party, remedy, words = "-" } = verdictOf(row);
      return `      ${row.how} | ${party}, ${remedy} | ${words}`;
    });
    console.log(["      input | verdict | words", ...rows, `      ${rows.length} errors`].join("\n"));
  }

  it("are at least 40, each of the table", () => {
    assert.equal(provoked.length, Object.keys(provokedErrors).length);
    assert.ok(provoked.length >= 40, `${provoked.length}`);
  });

  for (const row of provoked) {
    const { how, party, remedy = "none", words } = row;
    it(`${how}: ${party}, ${remedy}`, () => {
      const verdict = verdictOf(row);
      assert.deepEqual([verdict.party, verdict.remedy], [party, remedy], errorOf(row));
      assert.ok(words === undefined ? !verdict.words : verdict.words?.includes(words), errorOf(row));
    });
  }
});
