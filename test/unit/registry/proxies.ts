import * as http from "node:http";
import * as net from "node:net";

/** A proxy that notes all that it sees in clear. */
export interface LoggingProxy {
  url: string;
  /** Requests with their headers, as they came. */
  log: string[];
  stop(): void;
}

export interface ProxyOptions {
  /** The port of this machine where all tunnels end, whatever host was asked for. @default - where they are asked to */
  upstream?: number;
  /** It answers each CONNECT with it. @default 200 */
  status?: number;
  /** What it wants in Proxy-Authorization. @default - nothing */
  authorization?: string;
  host?: string;
}

/** A proxy that takes CONNECT, and passes on what has no TLS. */
export async function startProxy({
  upstream,
  status = 200,
  authorization,
  host = "127.0.0.1",
}: ProxyOptions): Promise<LoggingProxy> {
  const log: string[] = [];
  const note = ({ method, url, rawHeaders }: http.IncomingMessage) =>
    void log.push([`${method} ${url}`, ...rawHeaders].join("\n"));
  const server = http.createServer((incoming, outgoing) => {
    note(incoming);
    const { pathname } = new URL(incoming.url ?? "/");
    http.get({ host: "127.0.0.1", port: upstream, path: pathname, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
  });
  server.on("connect", (incoming: http.IncomingMessage, socket: net.Socket) => {
    note(incoming);
    socket.on("error", () => undefined);
    const isRefused = authorization !== undefined && incoming.headers["proxy-authorization"] !== authorization;
    if (isRefused || status !== 200) {
      socket.end(`HTTP/1.1 ${isRefused ? 407 : status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [, name = "", port] = /^(.*):(\d+)$/.exec(incoming.url ?? "") ?? [];
    const place = upstream === undefined ? { host: name, port: Number(port) } : { host: "127.0.0.1", port: upstream };
    const tunnel = net.connect(place, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    tunnel.on("error", () => socket.destroy());
    socket.pipe(tunnel).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as net.AddressInfo;
  return { url: `http://${host}:${port}`, log, stop: () => void server.close() };
}

/** The least of a SOCKS proxy: https://www.rfc-editor.org/rfc/rfc1928 */
export async function startSocksProxy(upstream: number): Promise<LoggingProxy> {
  const log: string[] = [];
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write(Buffer.from([5, 0]));
      socket.once("data", (request) => {
        const name = request.subarray(5, 5 + request[4]).toString();
        log.push(`${name}:${request.readUInt16BE(5 + request[4])}`);
        const tunnel = net.connect(upstream, "127.0.0.1", () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          socket.pipe(tunnel).pipe(socket);
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return { url: `socks5://127.0.0.1:${port}`, log, stop: () => void server.close() };
}
