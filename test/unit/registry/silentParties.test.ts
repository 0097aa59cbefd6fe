import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { isGitServerSilent, lookUpCommit } from "../../../components/context/git";
import { findCredential } from "../../../components/registry/credentials";
import { isRegistrySilent, isServerSilent } from "../../../components/registry/registrySilence";
import { nightly } from "../../tier";

describe("a registry to which something is pushed", function () {
  this.timeout(180_000);

  async function whatIsSaid(answer: string | undefined): Promise<boolean> {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => answer && socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    try {
      return await isRegistrySilent(`127.0.0.1:${port}/app:1`, [], []);
    } finally {
      server.close();
    }
  }

  it("is silent where it takes connections and says nothing", async () =>
    assert.equal(await whatIsSaid(undefined), true));

  for (const status of ["404 Not Found", "403 Forbidden", "503 Service Unavailable"]) {
    it(`is not where it says ${status}`, async () =>
      assert.equal(await whatIsSaid(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`), false));
  }
});

describe("a server that an ADD or a cache names", function () {
  this.timeout(60_000);
  const variables = { ...process.env };
  afterEach(() => Object.assign(process.env, { HTTP_PROXY: "", ...variables }));

  async function isSilent(scheme: string, answer?: string, environment = {}): Promise<boolean> {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => answer && socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    Object.assign(process.env, environment);
    try {
      return await isServerSilent(`${scheme}://127.0.0.1:${port}/`, 300);
    } finally {
      server.close();
    }
  }

  it("is silent where it takes connections and says nothing, with TLS or without", async () =>
    assert.deepEqual([await isSilent("http"), await isSilent("https")], [true, true]));

  it("is not where it answers, whatever that is", async () => {
    const refused = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n";
    assert.deepEqual([await isSilent("http", refused), await isSilent("https", refused)], [false, false]);
  });

  it("is not where this machine does not reach it, or asks a proxy for it", async () => {
    const lists = { HTTP_PROXY: "http://192.0.2.1:1", http_proxy: "" };
    assert.equal(await isServerSilent("http://127.0.0.1:1/", 300), false);
    assert.equal(await isServerSilent("http://192.0.2.2:9/", 300), false);
    Object.assign(process.env, lists);
    assert.equal(await isServerSilent("http://192.0.2.2:9/", 300), false);
  });
});

describe("a credential helper that says nothing, and does not end when it is asked to", function () {
  this.timeout(60_000);
  const { DOCKER_CONFIG, PATH } = process.env;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-helper-"));

  before(() => {
    const script = "#!/bin/sh\ntrap '' TERM\nexec sleep 300\n";
    fs.writeFileSync(path.join(folder, "docker-credential-silent"), script, { mode: 0o755 });
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify({ credsStore: "silent" }));
    Object.assign(process.env, { DOCKER_CONFIG: folder, PATH: `${folder}:${PATH}` });
  });
  after(() => {
    Object.assign(process.env, { PATH });
    delete process.env.DOCKER_CONFIG;
    Object.assign(process.env, DOCKER_CONFIG !== undefined && { DOCKER_CONFIG });
    fs.rmSync(folder, { recursive: true });
  });

  nightly.it("is waited for 20 s, and counts as one that knows no login", async () => {
    const begin = Date.now();
    assert.equal(await findCredential("r.example", []), undefined);
    assert.ok(Date.now() - begin < 30_000, `${Date.now() - begin} ms`);
  });
});

describe("a Git server that takes connections and says nothing", function () {
  this.timeout(120_000);

  it("is waited for 20 s, and after 3 s that is said", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const begin = Date.now();
    const said: string[] = [];
    const remote = `git://127.0.0.1:${port}/x.git`;
    // It blocks this process, and the kernel takes the connection.
    const found = lookUpCommit({ remote, ref: "main", pin: (commit) => commit }, (message) => {
      said.push(message);
      assert.ok(Date.now() - begin < 15_000);
    });
    assert.deepEqual(found, { problem: "no answer in 20 s", isSilent: true });
    assert.deepEqual(said, [`looking up main of ${remote}: no answer in 3 s; waiting at most 20 s`]);
    assert.ok(Date.now() - begin < 40_000);
    assert.equal(await isGitServerSilent(`${remote}#${"0".repeat(40)}:sub`), true);
    server.close();
  });

  it("is another one than one that refuses, and than what is no Git server", async () => {
    assert.equal(await isGitServerSilent("git://127.0.0.1:1/x.git#main"), false);
    assert.equal(await isGitServerSilent("docker-image://x"), false);
  });
});
