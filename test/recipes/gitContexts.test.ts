import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { execute, skipWithout, waitUntil } from "../hosts";
import { startProcess, type HostProcess } from "../hosts/hostProcess";
import { getMachines, type Machines } from "../main/fixture";
import { pullFiles, trusting } from "../main/image";
import { Stack, temporaryDirectory } from "../main/stack";
import { createSource, git, type Source } from "./checkouts";

const port = 9418;

describe("a context of Git", function () {
  this.timeout(300_000);
  let machines: Machines;
  let source: Source;
  let daemon: HostProcess;
  let stack: Stack;
  let programs: string;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    source = await createSource({ "image/Dockerfile": "FROM scratch\nCOPY word /\n", "image/word": "first\n" });
    await source.commit("first");
    startDaemon();
    await waitUntil("git's daemon", () => execute(["git", "ls-remote", remote()]), {
      timeoutMilliseconds: 30_000,
      pauseMilliseconds: 200,
    });
    programs = temporaryDirectory("programs");
    fs.symlinkSync((await execute(["sh", "-c", "command -v git"])).trim(), path.join(programs, "git"));
    const image = {
      context: `${remote()}#main:image`,
      tags: [`${machines.registry.host}/git:1`],
      platforms: ["linux/amd64"],
    };
    stack = await Stack.create(
      { builder: { nodes: [machines.amd64.remoteNode()] }, images: { app: image } },
      { environment: trusting(machines.registry), programs },
    );
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
  });

  after(() => daemon?.stop());

  const remote = () => `git://${machines.network.address}:${port}/.git`;

  function startDaemon(): void {
    const listen = [`--listen=${machines.network.address}`, `--port=${port}`, "--reuseaddr"];
    const command = ["git", "daemon", "--export-all", `--base-path=${source.folder}`, ...listen];
    daemon = startProcess(machines.run, command, { log: path.join(temporaryDirectory("git"), "daemon.log") });
  }

  async function word(): Promise<string> {
    const { app } = await stack.outputs<{ app: { ref: string } }>();
    const files = await pullFiles(machines.registry, app.ref.replace(":1@", "@"));
    return fs.readFileSync(path.join(files, "word"), "utf8");
  }

  it("is no change while its branch stays, whatever another one does", async () => {
    await git(source.folder, "branch", "other");
    const { code, output } = await stack.preview("--expect-no-changes");
    assert.equal(code, 0, output);
    assert.equal(await word(), "first\n");
  });

  it("is built again when its branch has moved, and the log says from where to where", async () => {
    const before = (await git(source.folder, "rev-parse", "main")).slice(0, 7);
    fs.writeFileSync(path.join(source.folder, "image/word"), "second\n");
    await source.commit("second");
    const now = (await git(source.folder, "rev-parse", "main")).slice(0, 7);
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`building image app: context: commit ${before} is now ${now}`));
    assert.equal(await word(), "second\n");
  });

  for (const scheme of ["output", "secret"]) {
    it(`whose location is ${scheme === "output" ? "an output" : "a secret"} is built without a Dockerfile of its own, and again when its branch has moved`, async () => {
      const of = { ...(stack.spec().images.app as object), context: { location: `${scheme}:location` } };
      const own = await Stack.create(
        { builder: stack.spec().builder, images: { app: of }, outputs: ["ref"] },
        { environment: trusting(machines.registry), programs: programs },
      );
      own.write("location", `${remote()}#main:image`);
      const first = await own.up();
      assert.equal(first.code, 0, first.output);
      const unchanged = await own.preview("--expect-no-changes");
      assert.equal(unchanged.code, 0, unchanged.output);
      fs.writeFileSync(path.join(source.folder, "image/word"), `${scheme}\n`);
      await source.commit(scheme);
      const second = await own.up();
      assert.equal(second.code, 0, second.output);
      const { app } = await own.outputs<{ app: { ref: string } }>();
      const files = await pullFiles(machines.registry, app.ref.replace(":1@", "@"));
      assert.equal(fs.readFileSync(path.join(files, "word"), "utf8"), `${scheme}\n`);
    });
  }

  it("stays as it was, with a warning, when the server does not answer", async () => {
    await daemon.stop();
    const { code, output } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
    assert.match(
      output,
      /warning: main of git:\/\/\S+ can't be looked up: .*; it is taken as it was at the last look-up/,
    );
  });

  it("is seen to have moved once the server is back", async () => {
    fs.writeFileSync(path.join(source.folder, "image/word"), "third\n");
    await source.commit("third");
    startDaemon();
    await waitUntil("git's daemon", () => execute(["git", "ls-remote", remote()]), {
      timeoutMilliseconds: 30_000,
      pauseMilliseconds: 200,
    });
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(output, /image app would be built: context: commit [0-9a-f]{7} is now [0-9a-f]{7}/);
  });
});
