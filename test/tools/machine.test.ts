import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as net from "node:net";
import * as path from "node:path";
import { livingProcess, portHolder } from "../../tools/processes";
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
