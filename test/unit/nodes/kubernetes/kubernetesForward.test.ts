import * as assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import WebSocket from "ws";

import { ForwardedStream } from "../../../../components/nodes/kubernetes/run/stream";

const [data, error] = [0, 1];
const port = Buffer.from([0xd2, 0x04]);

/**
 * The kubelet's side, as strict as it is: it reads frames, not messages, because golang.org/x/net/websocket joins none
 * (https://pkg.go.dev/golang.org/x/net/websocket). A server made with `ws` would join them, and hide a fault.
 */
class FrameServer {
  readonly received: Buffer[] = [];
  readonly frames: { opcode: number; isWhole: boolean }[] = [];
  private socket?: Duplex;
  private pending = Buffer.alloc(0);
  private readonly server = http.createServer();

  async open(): Promise<WebSocket> {
    this.server.on("upgrade", (request, socket) => this.accept(request, socket));
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const { port: own } = this.server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${own}/`, ["v4.channel.k8s.io"], { perMessageDeflate: false });
    return client;
  }

  close(): void {
    this.socket?.destroy();
    this.server.close();
  }

  stopReading(): void {
    this.socket?.pause();
  }

  read(): void {
    this.socket?.resume();
  }

  send(channel: number, content: Buffer): boolean {
    const payload = Buffer.concat([Buffer.from([channel]), content]);
    const head = Buffer.alloc(payload.length < 126 ? 2 : 10);
    head[0] = 0x82;
    if (payload.length < 126) {
      head[1] = payload.length;
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(payload.length), 2);
    }
    return this.socket?.write(Buffer.concat([head, payload])) ?? false;
  }

  private accept(request: http.IncomingMessage, socket: Duplex): void {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const answer = createHash("sha1").update(key).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    lines.push(`Sec-WebSocket-Accept: ${answer}`, "Sec-WebSocket-Protocol: v4.channel.k8s.io", "", "");
    socket.write(lines.join("\r\n"));
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    this.socket = socket;
    this.send(data, port);
    this.send(error, port);
  }

  /** https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
  private take(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    for (;;) {
      const { pending } = this;
      if (pending.length < 2) return;
      const short = pending[1] & 0x7f;
      const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
      if (pending.length < 6 + lengthBytes) return;
      const length =
        short === 127 ? Number(pending.readBigUInt64BE(2)) : short === 126 ? pending.readUInt16BE(2) : short;
      const begin = 6 + lengthBytes;
      if (pending.length < begin + length) return;
      const mask = pending.subarray(begin - 4, begin);
      const payload = Buffer.from(pending.subarray(begin, begin + length).map((byte, at) => byte ^ mask[at % 4]));
      this.frames.push({ opcode: pending[0] & 0x0f, isWhole: (pending[0] & 0x80) !== 0 });
      this.received.push(payload);
      this.pending = pending.subarray(begin + length);
    }
  }
}

describe("a connection to a pod through the cluster's API", () => {
  let server: FrameServer;
  let stream: ForwardedStream;

  beforeEach(async () => {
    server = new FrameServer();
    const socket = await server.open();
    stream = new ForwardedStream(socket);
    await once(socket, "open");
  });

  afterEach(() => {
    stream.destroy();
    server.close();
  });

  it("sends each message as one frame of the data channel", async () => {
    stream.write("small");
    stream.write(Buffer.alloc(300_000, "x"));
    await sleep(200);
    assert.ok(server.frames.length > 0);
    assert.deepEqual(
      server.frames.filter(({ opcode, isWhole }) => opcode !== 2 || !isWhole),
      [],
    );
    assert.ok(server.received.every((each) => each[0] === data));
    const text = Buffer.concat(server.received.map((each) => each.subarray(1)));
    assert.equal(text.length, 300_005);
    assert.ok(text.toString().startsWith("smallx"));
  });

  it("reads what comes without the port that each channel begins with", async () => {
    server.send(data, Buffer.from("hello"));
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(chunk.toString(), "hello");
  });

  it("ends with what the kubelet says on its channel for errors", async () => {
    const failed = once(stream, "error");
    server.send(error, Buffer.from("an error occurred forwarding 1234: connection refused\n"));
    const [told] = (await failed) as [Error];
    assert.match(told.message, /forwarding 1234: connection refused$/);
  });

  it("ends when the other side does, and gives what had come", async () => {
    server.send(data, Buffer.from("last"));
    await sleep(50);
    server.close();
    const all: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => all.push(chunk));
    await once(stream, "close");
    assert.equal(Buffer.concat(all).toString(), "last");
  });

  it("takes no more than is sent on", async () => {
    server.stopReading();
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    // Into the kernel's buffers of both sides, and no further.
    for (let waits = 0; waits < 3 && written < 200 << 20;) {
      written += chunk.length;
      if (!stream.write(chunk)) {
        const drained = await Promise.race([once(stream, "drain").then(() => true), sleep(300, false)]);
        waits = drained ? 0 : waits + 1;
        if (!drained) break;
      }
    }
    assert.ok(written < 64 << 20, `${written} bytes were taken that nobody reads`);
  });

  it("reads no more than is taken", async () => {
    stream.pause();
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    for (let at = 0; at < 300; at += 1) {
      sent += chunk.length;
      if (!server.send(data, chunk)) {
        await sleep(5);
      }
      if (stream.readableLength > 8 << 20) break;
    }
    await sleep(100);
    assert.ok(stream.readableLength < 4 << 20, `${stream.readableLength} bytes of ${sent} are kept that nobody takes`);
  });
});
