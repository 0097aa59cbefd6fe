import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import { Relay } from "../../../components/transport/relay";
import { BuildError } from "../../../components/support/errors";
import { socketDirectory, socketPath } from "../../../components/support/socketFolders";

/** A daemon that answers each connection with its own name. */
async function daemon(name: string): Promise<{ port: number; close: () => void; hangUp: () => void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.write(name);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hangUp = () => sockets.forEach((socket) => socket.destroy());
  return { port: (server.address() as net.AddressInfo).port, close: () => (hangUp(), server.close()), hangUp };
}

/** What is read through the relay's fixed path until it says something or closes. */
function firstWord(fixedPath: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(fixedPath);
    socket.once("data", (data) => {
      socket.end();
      resolve(data.toString());
    });
    socket.once("close", () => resolve("closed"));
    socket.once("error", () => resolve("closed"));
  });
}

describe("relay", () => {
  let key: string;
  let relay: Relay;
  let fixedPath: string;

  beforeEach(async () => {
    key = crypto.randomUUID();
    relay = new Relay(key, ["arm64", "amd64"]);
    await relay.claim();
    fixedPath = relay.registeredEndpoint("arm64").replace("unix://", "");
  });

  afterEach(() => fs.rmSync(socketDirectory(key), { recursive: true }));

  it("closes connections for a node that is asleep at once", async () => {
    const start = Date.now();
    assert.equal(await firstWord(fixedPath), "closed");
    assert.ok(Date.now() - start < 200);
    assert.equal(relay.lossCount("arm64"), 0);
  });

  it("carries bytes to the node, also after it has moved", async () => {
    const [first, second] = await Promise.all([daemon("first"), daemon("second")]);
    relay.point("arm64", { kind: "tcp", host: "127.0.0.1", port: first.port });
    assert.equal(await firstWord(fixedPath), "first");
    relay.point("arm64", { kind: "tcp", host: "127.0.0.1", port: second.port });
    assert.equal(await firstWord(fixedPath), "second");
    assert.equal(relay.lossCount("arm64"), 0);
    first.close();
    second.close();
  });

  it("counts a node that hangs up or refuses, not a client that ends", async () => {
    const node = await daemon("node");
    relay.point("arm64", { kind: "tcp", host: "127.0.0.1", port: node.port });
    const client = net.connect(fixedPath);
    await new Promise((resolve) => client.once("data", resolve));
    node.hangUp();
    await new Promise((resolve) => client.once("close", resolve));
    assert.equal(relay.lossCount("arm64"), 1);
    node.close();
    const failure = relay.nextFailure("arm64", new AbortController().signal);
    assert.equal(await firstWord(fixedPath), "closed");
    assert.equal(relay.lossCount("arm64"), 2);
    assert.match(String(await failure), /ECONNREFUSED/);
  });

  it("opens its sockets to this user only", () => {
    assert.equal(fs.statSync(relay.socket("arm64")).mode & 0o777, 0o600);
    assert.equal(fs.statSync(relay.providerSocket("arm64")).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(fixedPath)).mode & 0o777, 0o700);
  });

  it("takes the fixed path back from another process, and sweeps what a dead one left", async () => {
    const node = await daemon("mine");
    relay.point("arm64", { kind: "tcp", host: "127.0.0.1", port: node.port });
    const left = path.join(path.dirname(fixedPath), "arm64.0123abcd.sock");
    fs.writeFileSync(left, "");
    fs.rmSync(fixedPath);
    fs.symlinkSync(left, fixedPath);
    assert.equal(await firstWord(fixedPath), "closed");
    await relay.claim();
    assert.equal(await firstWord(fixedPath), "mine");
    const next = new Relay(key, ["arm64"]);
    await next.claim();
    assert.equal(fs.existsSync(left), false);
    assert.equal(fs.existsSync(relay.socket("arm64")), true, "a live one stays");
    assert.equal(fs.readlinkSync(fixedPath), next.providerSocket("arm64"));
    node.close();
  });

  for (const [title, squat] of [
    ["a link", (folder: string) => fs.symlinkSync(os.tmpdir(), folder)],
    ["one that others may write to", (folder: string) => fs.mkdirSync(folder, { mode: 0o777 })],
    [
      "another user's",
      (folder: string) => (fs.mkdirSync(folder, { mode: 0o700 }), fs.chownSync(folder, 12_345, 12_345)),
    ],
    ["a file", (folder: string) => fs.writeFileSync(folder, "")],
  ] as const) {
    it(`opens no socket in a folder that was removed before it listens, and is ${title} by then`, async function () {
      if (title === "another user's" && process.getuid?.() !== 0) {
        this.skip();
      }
      const umask = process.umask(0);
      const late = new Relay("late", ["arm64"]);
      const folder = path.dirname(late.registeredEndpoint("arm64").replace("unix://", ""));
      try {
        fs.rmSync(folder, { recursive: true });
        squat(folder);
        await assert.rejects(
          late.claim(),
          (error: Error) =>
            error instanceof BuildError &&
            error.message.startsWith(`${folder} was this user's alone (mode 0700) and is not`),
        );
        assert.deepEqual(
          fs.readdirSync(os.tmpdir()).filter((name) => /^arm64\..*sock$/.test(name)),
          [],
        );
      } finally {
        process.umask(umask);
        fs.rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it("makes its folder again that was removed before it listens", async () => {
    const late = new Relay("late", ["arm64"]);
    const file = late.registeredEndpoint("arm64").replace("unix://", "");
    fs.rmSync(path.dirname(file), { recursive: true });
    await late.claim();
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
    fs.rmSync(path.dirname(file), { recursive: true });
  });

  it("fails if a socket's path is longer than the operating system takes", () => {
    assert.throws(() => socketPath(os.tmpdir(), "x".repeat(110)), /at most 103 work: set TMPDIR/);
  });

  it("does not keep its process alive", async () => {
    const script = `
      const { Relay } = require("./components/transport/relay");
      new Relay(${JSON.stringify(`${key}-child`)}, ["arm64"]).claim().then(() => console.log("claimed"));`;
    const start = Date.now();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", "-e", script],
      { cwd: path.join(__dirname, "../../.."), timeout: 30_000 },
    );
    assert.equal(stdout.trim(), "claimed");
    assert.ok(Date.now() - start < 20_000);
    fs.rmSync(socketDirectory(`${key}-child`), { recursive: true });
  });
});
