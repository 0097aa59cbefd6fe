import { spawn } from "node:child_process";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";

import { type Endpoint, formatEndpoint, sshArguments, type SshEndpoint, type TlsMaterial } from "./endpoint";

// A lost SYN packet costs this much, not the kernel's two minutes.
const connectTimeoutMilliseconds = 5_000;

/** A connection to a daemon: bytes in the clear on this side, TLS or ssh on the other. */
export async function dial(endpoint: Endpoint): Promise<Duplex> {
  switch (endpoint.kind) {
    case "tcp":
      return endpoint.tls
        ? dialTls(endpoint, endpoint.host, endpoint.tls)
        : connected(net.connect(endpoint), "connect", endpoint);
    case "unix":
      return connected(net.connect(endpoint.path), "connect", endpoint);
    case "ssh":
      return dialSsh(endpoint);
    case "carried":
      return dialTls(endpoint, endpoint.address, endpoint.tls, await endpoint.open());
    default:
      return endpoint satisfies never;
  }
}

function dialTls(
  endpoint: Extract<Endpoint, { kind: "tcp" | "carried" }>,
  host: string,
  { ca, cert, key, serverName }: TlsMaterial,
  carrier?: Duplex,
): Promise<Duplex> {
  const name = serverName ?? host;
  const socket = tls.connect({
    ...(endpoint.kind === "tcp" ? { host, port: endpoint.port } : { socket: carrier }),
    ca,
    cert,
    key,
    // An address is not allowed as a server name: https://www.rfc-editor.org/rfc/rfc6066#section-3
    ...(net.isIP(name) ? {} : { servername: name }),
    // As Go's and so buildx's, of its alternative names alone: the common name says nothing of a host.
    // https://www.rfc-editor.org/rfc/rfc9525#section-2
    checkServerIdentity: (_host, { subject, ...certificate }) =>
      tls.checkServerIdentity(name, { ...certificate, subject: { ...subject, CN: "" } }),
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says, which people set for a proxy of theirs: https://nodejs.org/api/cli.html
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2"],
  });
  return connected(socket, "secureConnect", endpoint);
}

async function connected<T extends net.Socket>(socket: T, event: string, endpoint: Endpoint): Promise<T> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(timeoutError(endpoint));
    }, connectTimeoutMilliseconds);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error(`${formatEndpoint(endpoint)} closed the connection at once`));
    });
    socket.once(event, () => {
      clearTimeout(timer);
      resolve();
    });
  });
  socket.setNoDelay(true);
  // Longer than the patience with a silent node (liveness.ts), which says what it does; this is for all others.
  socket.setKeepAlive(true, 30_000);
  return socket;
}

function timeoutError(endpoint: Endpoint): Error {
  const error: NodeJS.ErrnoException = new Error(
    `no answer from ${formatEndpoint(endpoint)} within ${connectTimeoutMilliseconds / 1000} s`,
  );
  error.code = "ETIMEDOUT";
  return error;
}

async function dialSsh(endpoint: SshEndpoint): Promise<Duplex> {
  const child = spawn("ssh", sshArguments(endpoint), { stdio: ["pipe", "pipe", "pipe"] });
  let lastLines = "";
  child.stderr.on("data", (data: Buffer) => (lastLines = (lastLines + data.toString()).slice(-2_000)));
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  // Like the relay's sockets: open connections do not keep `pulumi up` from ending, and ssh ends when its input does.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr] as unknown as net.Socket[]) {
    pipe.unref();
  }
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.once("exit", (code) => {
    if (code !== 0) {
      duplex.destroy(new Error(`ssh to ${endpoint.host} ended with ${code}: ${lastLines.trim()}`));
    }
  });
  duplex.once("close", () => child.kill());
  return duplex;
}
