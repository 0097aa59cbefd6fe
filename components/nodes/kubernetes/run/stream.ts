import { Duplex } from "node:stream";

import type WebSocket from "ws";

// Load balancers cut a connection that is silent for 60 s and more: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
const pingMilliseconds = 20_000;
/** What waits to be sent, at most. A frame of it is far below what the kubelet takes. */
const mostBufferedBytes = 256 * 1024;

const channels = { data: 0, error: 1 };
/** Each channel begins with the port's number, in two bytes. */
const portBytes = 2;

/**
 * One connection to a port of a pod: a WebSocket of the protocol `v4.channel.k8s.io`, whose messages begin with a byte for their
 * channel. Nothing is read that nobody takes, and nothing is taken that is not sent.
 *
 * A message is one frame, because the kubelet reads frames. A missing pong says nothing: it waits behind what a busy pod has
 * not read.
 * @see https://github.com/kubernetes/kubernetes/blob/v1.35.4/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go
 */
export class ForwardedStream extends Duplex {
  private readonly begun = new Set<number>();
  private readonly ping: NodeJS.Timeout;

  constructor(private readonly socket: WebSocket) {
    super({ writableHighWaterMark: mostBufferedBytes, emitClose: true });
    socket.binaryType = "nodebuffer";
    socket.on("message", (message: Buffer) => this.receive(message));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.conclude());
    this.ping = setInterval(() => socket.readyState === socket.OPEN && socket.ping(), pingMilliseconds).unref();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.send([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.ping);
    this.socket.terminate();
    done(error);
  }

  private send(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    this.socket.send(Buffer.concat([Buffer.from([channels.data]), ...chunks]), done);
  }

  private receive(message: Buffer): void {
    const channel = message[0];
    const isFirst = !this.begun.has(channel);
    this.begun.add(channel);
    const data = message.subarray(isFirst ? 1 + portBytes : 1);
    if (data.length === 0) {
      return;
    }
    if (channel === channels.error) {
      this.destroy(new Error(data.toString().trim()));
    } else if (!this.push(data)) {
      this.socket.pause();
    }
  }

  /** The pod's side has ended, and there are no halves: what has come is read, and nothing more is taken. */
  private conclude(): void {
    this.push(null);
    this.end();
  }
}
