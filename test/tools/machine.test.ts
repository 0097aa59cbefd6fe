import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { findOnMachine } from "../../tools/machine";
import { livingProcess, portHolder } from "../../tools/processes";
import { TOOLS } from "../../tools/table";
import { type Workshop, makeWorkshop, prepareGreeter } from "./workshop";

const NOBODY = "http://127.0.0.1:9";

describe("tools that the machine has", () => {
  let workshop: Workshop;

  beforeEach(async () => {
    workshop = await makeWorkshop();
  });

  afterEach(() => workshop.remove());

  async function putOnPath(output: string): Promise<{ bin: string; file: string }> {
    const bin = path.join(workshop.folder, "bin");
    const file = path.join(bin, "greeter");
    await fs.mkdir(bin, { recursive: true });
    await fs.writeFile(file, `#!/bin/sh\necho "${output}"\n`, { mode: 0o755 });
    return { bin, file };
  }

  for (const output of ["greeter v1.4.0", "greeter example.com/greeter/v3 v1.2.0+build"]) {
    it(`takes one that says "${output}"`, async () => {
      const { bin, file } = await putOnPath(output);
      const tool = await prepareGreeter(workshop.options(NOBODY, { path: bin }));
      assert.equal(tool.source, "machine");
      assert.equal(tool.path, file);
    });
  }

  for (const output of ["greeter v1.1.9", "greeter"]) {
    it(`does not take one that says "${output}"`, async () => {
      const { bin } = await putOnPath(output);
      await assert.rejects(
        prepareGreeter(workshop.options(NOBODY, { path: bin })),
        /^Error: greeter: not on this machine/,
      );
    });
  }

  const feature = { args: ["--version"], says: "libgreet", why: "greetings need it" };

  it("takes one that names the feature that is needed", async () => {
    const { bin, file } = await putOnPath("greeter 1.4.0\nlibgreet: 2.5.4");
    const tool = await prepareGreeter(workshop.options(NOBODY, { path: bin, feature }));
    assert.deepEqual(tool, { name: "greeter", version: "1.4.0", path: file, source: "machine" });
  });

  const refusals = [
    { output: "greeter 1.4.0", reason: "`greeter --version` does not name libgreet, and greetings need it" },
    { output: "greeter 1.1.9\nlibgreet: 2.5.4", reason: "it says 1.1.9, and >=1.2.0 is needed" },
  ];
  for (const { output, reason } of refusals) {
    it(`says once why one is passed over: ${reason}`, async () => {
      const { bin, file } = await putOnPath(output);
      const lines: string[] = [];
      const options = workshop.options(NOBODY, { path: bin, feature, log: (line) => lines.push(line) });
      await assert.rejects(prepareGreeter(options), /^Error: greeter: not on this machine/);
      assert.deepEqual(lines.slice(0, -1), [`greeter: ${file} is passed over: ${reason}`]);
    });
  }

  it("takes Debian 12's and Ubuntu 22.04's runc, and none without seccomp", async () => {
    const bin = path.join(workshop.folder, "bin");
    await fs.mkdir(bin);
    const take = async (says: string) => {
      await fs.writeFile(path.join(bin, "runc"), `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
      return (await findOnMachine(TOOLS, "runc", { PATH: bin }, () => undefined))?.version;
    };
    assert.equal(await take("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nlibseccomp: 2.5.4"), "1.1.5");
    assert.equal(await take("runc version 1.1.0-0ubuntu1\nspec: 1.0.2-dev\nlibseccomp: 2.5.3"), "1.1.0");
    assert.equal(await take("runc version 1.0.3\nlibseccomp: 2.5.1"), undefined);
    assert.equal(await take("runc version 1.4.3\nspec: 1.3.0"), undefined);
  });
});

describe("processes", () => {
  let workshop: Workshop;

  before(async () => {
    workshop = await makeWorkshop();
  });

  after(() => workshop.remove());

  it("knows a process by its pid file and command line, and takes no other for it", async () => {
    const file = path.join(workshop.folder, "pid");
    assert.equal(livingProcess(file, "mocha"), undefined);
    await fs.writeFile(file, JSON.stringify({ pid: process.pid }));
    assert.equal(livingProcess(file, "mocha"), process.pid);
    assert.equal(livingProcess(file, "registry serve"), undefined);
    await fs.writeFile(file, '{"pid":');
    assert.equal(livingProcess(file, "mocha"), undefined);
  });

  it("names who holds a port", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const { port } = server.address() as net.AddressInfo;
      assert.ok(portHolder(port).startsWith(`process ${process.pid} (`), portHolder(port));
    } finally {
      server.close();
    }
  });
});
