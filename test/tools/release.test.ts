import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findSum } from "../../tools/release";
import { ReleaseServer } from "./releaseServer";
import { ASSET, type Workshop, madeFiles, makeWorkshop, prepareGreeter, prepareInProcess, sum } from "./workshop";

describe("tools from a release", () => {
  let workshop: Workshop;
  let server: ReleaseServer;
  let url: string;

  beforeEach(async () => {
    workshop = await makeWorkshop();
    server = new ReleaseServer(ASSET, workshop.archive);
    url = await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await workshop.remove();
  });

  it("takes the one file out of the archive, executable, and keeps no archive", async () => {
    const tool = await prepareGreeter(workshop.options(url));
    assert.equal(tool.source, "release");
    assert.equal(execFileSync(tool.path, { encoding: "utf8" }).trim(), "greeter 1.2.3");
    assert.deepEqual(await fs.readdir(path.dirname(tool.path)), ["greeter"]);
    assert.deepEqual(await fs.readdir(workshop.cache), ["tools"]);
  });

  it("downloads nothing the second time", async () => {
    await prepareGreeter(workshop.options(url));
    await prepareGreeter(workshop.options(url));
    assert.deepEqual(server.ranges, [undefined]);
  });

  it("goes on where a cut-off download ended", async () => {
    server.behaviour = "cut once";
    const tool = await prepareGreeter(workshop.options(url));
    assert.equal(execFileSync(tool.path, { encoding: "utf8" }).trim(), "greeter 1.2.3");
    const half = Math.floor(workshop.archive.length / 2);
    assert.deepEqual(server.ranges, [undefined, `bytes=${half}-`]);
  });

  it("fails if what arrives is not what was published, naming the tool and both sums", async () => {
    const expected = "0".repeat(64);
    await assert.rejects(prepareGreeter(workshop.options(url, { sha256: expected, module: true })), (error: Error) => {
      assert.match(error.message, /^greeter: the checksum of /);
      assert.ok(error.message.includes(`expected sha256 ${expected}, got ${sum(workshop.archive)}`), error.message);
      return true;
    });
    assert.deepEqual(await madeFiles(workshop.cache), []);
  });

  it("fails if every download is cut off, naming the tool and the address, and leaves nothing", async () => {
    server.behaviour = "cut always";
    await assert.rejects(prepareGreeter(workshop.options(url)), (error: Error) => {
      assert.ok(error.message.startsWith("greeter: not on this machine, not downloaded ("), error.message);
      assert.ok(error.message.includes(`${url}${ASSET} was cut off 3 times`), error.message);
      return true;
    });
    assert.deepEqual(await madeFiles(workshop.cache), []);
    assert.deepEqual(await fs.readdir(path.join(workshop.cache, "downloads")), []);
  });

  it("builds from Go modules when the server refuses", async () => {
    server.behaviour = "refuse";
    const tool = await prepareGreeter(workshop.options(url, { module: true }));
    assert.equal(tool.source, "module");
    assert.equal(execFileSync(tool.path, { encoding: "utf8", stdio: "pipe" }), "");
  });

  it("downloads once for two processes that start at once", async () => {
    const runs = [workshop.options(url), workshop.options(url)].map(prepareInProcess);
    const outputs = await Promise.all(runs.map(({ output }) => output));
    for (const output of outputs) {
      assert.match(output, /made ready: .*greeter-1\.2\.3-.*\/greeter/);
    }
    assert.equal(server.ranges.length, 1);
  });

  it("shows nothing half-made after a kill, and the next run goes on", async () => {
    server.behaviour = "trickle";
    const { child, output } = prepareInProcess(workshop.options(url));
    while (server.ranges.length === 0) {
      await sleep(20);
    }
    await sleep(300);
    child.kill("SIGKILL");
    await output;
    assert.deepEqual(await madeFiles(workshop.cache), []);
    server.behaviour = "serve";
    const tool = await prepareGreeter(workshop.options(url));
    assert.equal(execFileSync(tool.path, { encoding: "utf8" }).trim(), "greeter 1.2.3");
    assert.match(server.ranges[1] ?? "", /^bytes=\d+-$/);
    assert.deepEqual(await fs.readdir(workshop.cache), ["tools"]);
  });
});

describe("findSum", () => {
  const digest = "a".repeat(64);
  for (const line of [`${digest}  tool.tar.gz`, `${digest} *tool.tar.gz`, `${digest}  ./tool.tar.gz`]) {
    it(`reads "${line.slice(62)}"`, () => {
      assert.equal(findSum(`${"b".repeat(64)}  other\n${line}\n`, "tool.tar.gz"), digest);
    });
  }

  it("finds nothing for a file that is not listed, or with another kind of sum", () => {
    assert.equal(findSum(`${digest}  tool.tar.gz.sig\n${"a".repeat(128)}  tool.tar.gz\n`, "tool.tar.gz"), undefined);
  });
});
