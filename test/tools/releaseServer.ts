import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** What the server does with a request for the asset. */
export type Behaviour = "serve" | "cut once" | "cut always" | "refuse" | "trickle";

/** A release server on loopback that can fail as real ones do, and remembers which ranges were asked for. */
export class ReleaseServer {
  readonly ranges: (string | undefined)[] = [];
  behaviour: Behaviour = "serve";
  private readonly server = http.createServer((request, response) => this.answer(request, response));

  constructor(
    private readonly assetPath: string,
    private readonly content: Buffer,
  ) {}

  async start(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.method === "HEAD" || request.url !== this.assetPath) {
      response.writeHead(request.method === "HEAD" ? 200 : 404).end();
      return;
    }
    this.ranges.push(request.headers.range);
    if (this.behaviour === "refuse") {
      response.writeHead(403).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const body = this.content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length });
    const cut = this.behaviour === "cut always" || (this.behaviour === "cut once" && this.ranges.length === 1);
    const half = body.subarray(0, Math.max(1, Math.floor(body.length / 2)));
    if (cut) {
      response.write(half, () => setTimeout(() => response.destroy(), 50));
    } else if (this.behaviour === "trickle") {
      response.write(half); // and never the rest
    } else {
      response.end(body);
    }
  }
}
