import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import { execute, skipWithout } from "../hosts";
import { type HostProcess, startProcess } from "../hosts/hostProcess";
import { freePort } from "../hosts/registry";
import { getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack, temporaryDirectory } from "../main/stack";
import { readFiles } from "./image";

const dockerfile = "FROM scratch\nCOPY word /\n";

describe("outputs and contexts", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let daemon: HostProcess;
  let server: http.Server;
  let output: string;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    const served = temporaryDirectory("contexts");
    const git = await serveGit(served);
    const tarball = await serveTarball(served);
    const nodes = [machines.amd64.remoteNode()];
    const app = { context: "./app", platforms: ["linux/amd64"], push: false };
    const pushed = (name: string) => ({ push: true, tags: [`${machines.registry.host}/outputs/${name}:1`] });
    const images = {
      oci: { ...app, exports: [{ oci: { dest: "./out/oci", tar: false } }] },
      local: { ...app, exports: [{ local: { dest: "./out/files" } }] },
      nothing: { ...app, exports: [{ cacheonly: {} }] },
      git: { ...app, ...pushed("git"), context: git },
      tarball: { ...app, ...pushed("tarball"), context: tarball },
      inline: { ...app, ...pushed("inline"), dockerfile: { inline: "FROM scratch\nCOPY word /inline\n" } },
    };
    const programs = path.join(temporaryDirectory("programs"), "git");
    fs.symlinkSync((await execute(["sh", "-c", "command -v git"])).trim(), programs);
    stack = await Stack.create(
      { builder: { nodes }, outputs: ["indexDigest", "ref"], images },
      { environment: trusting(machines.registry), programs: path.dirname(programs) },
    );
    stack.write("app/Dockerfile", dockerfile);
    stack.write("app/word", "local\n");
    fs.mkdirSync(path.join(stack.directory, "out"));
    const up = await stack.up();
    output = up.output;
    assert.equal(up.code, 0, output);
  });

  after(async () => {
    server?.close();
    await daemon?.stop();
  });

  it("recipe 7: oci: an image layout", () => {
    const index = JSON.parse(fs.readFileSync(out("oci/index.json"), "utf8")) as { manifests: object[] };
    assert.equal(index.manifests.length, 1);
  });

  it("recipe 7: local: a folder of files", () => {
    assert.equal(fs.readFileSync(out("files/word"), "utf8"), "local\n");
  });

  it("recipe 7: no push: the image is built, and nothing is written or pushed", async () => {
    const outputs = await stack.outputs<Record<string, { indexDigest: string }>>();
    assert.equal(outputs.nothing.indexDigest, "");
    assert.match(output, /nothing .*created/);
  });

  it("recipe 6: the context may be a folder of a Git repository, at a branch or commit", async () => {
    assert.deepEqual(await filesOf("git"), { word: "of Git\n" });
  });

  it("recipe 6: the context may be a tarball at an URL", async () => {
    assert.deepEqual(await filesOf("tarball"), { word: "of a tarball\n" });
  });

  it("recipe 6: the Dockerfile may be written in the program", async () => {
    assert.deepEqual(await filesOf("inline"), { inline: "local\n" });
  });

  async function filesOf(name: string): Promise<Record<string, string>> {
    const outputs = await stack.outputs<Record<string, { ref: string }>>();
    return readFiles(machines.registry, outputs[name].ref.replace(":1@", "@"));
  }

  function out(name: string): string {
    return path.join(stack.directory, "out", name);
  }

  async function serveGit(folder: string): Promise<string> {
    const work = path.join(folder, "repository");
    write(path.join(work, "sub"), "of Git\n");
    const commit = ["-c", "user.name=tests", "-c", "user.email=tests@example.com", "commit", "--quiet", "-m", "one"];
    for (const args of [["init", "--quiet", "--initial-branch=main"], ["add", "."], commit]) {
      await execute(["git", "-C", work, ...args]);
    }
    const { address } = machines.network;
    const port = await freePort(address);
    const flags = ["--export-all", `--base-path=${folder}`, `--listen=${address}`, `--port=${port}`];
    daemon = startProcess(machines.run, ["git", "daemon", ...flags], { log: path.join(folder, "log") });
    return `git://${address}:${port}/repository#main:sub`;
  }

  async function serveTarball(folder: string): Promise<string> {
    write(path.join(folder, "tarball"), "of a tarball\n");
    const file = path.join(folder, "context.tar.gz");
    await execute(["tar", "-czf", file, "-C", path.join(folder, "tarball"), "."]);
    server = http.createServer((_, response) => response.end(fs.readFileSync(file)));
    await new Promise<void>((resolve) => server.listen(0, machines.network.address, resolve));
    return `http://${machines.network.address}:${(server.address() as AddressInfo).port}/context.tar.gz`;
  }
});

function write(folder: string, word: string): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "Dockerfile"), dockerfile);
  fs.writeFileSync(path.join(folder, "word"), word);
}
