import type * as net from "node:net";

import type { buildConnector } from "undici";

import type { Credential } from "./logins";

/** How a connection through a SOCKS proxy is made: the proxy looks the name up, as it does for Go's programs. */
export function socksConnector(
  proxy: URL,
  { username, password }: Credential,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  return (target, callback) => {
    void connect(proxy, { username, password }, target, options.timeout ?? undefined).then(
      (socket) => finish(socket, target, options, callback),
      (error: Error) => callback(error, null),
    );
  };
}

async function connect(
  proxy: URL,
  { username, password }: Credential,
  { hostname, port, protocol }: buildConnector.Options,
  timeout: number | undefined,
): Promise<net.Socket> {
  const { SocksClient } = await import("socks");
  const { socket } = await SocksClient.createConnection({
    command: "connect",
    timeout,
    proxy: {
      type: 5,
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: Number(proxy.port || 1080),
      ...(username && { userId: username, password }),
    },
    destination: {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (protocol === "https:" ? 443 : 80)),
    },
  });
  return socket;
}

async function finish(
  socket: net.Socket,
  target: buildConnector.Options,
  options: buildConnector.BuildOptions,
  callback: buildConnector.Callback,
): Promise<void> {
  if (target.protocol !== "https:") {
    callback(null, socket);
    return;
  }
  const { buildConnector: build } = await import("undici");
  build(options)({ ...target, httpSocket: socket }, callback);
}
