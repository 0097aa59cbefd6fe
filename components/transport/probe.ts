import * as http2 from "node:http2";
import * as net from "node:net";
import type { Duplex } from "node:stream";

import { dial } from "./dial";
import type { Endpoint } from "./endpoint";

/**
 * Whether a daemon answers at an endpoint, on a connection of its own.
 *
 * An open port alone says nothing: the kernel opens it also for a daemon that hangs, and ssh for any. So the daemon has
 * to answer with its HTTP/2 settings, which is the first that a gRPC server says.
 */
export async function isAlive(endpoint: Endpoint, timeoutMilliseconds: number): Promise<boolean> {
  const dialed = dial(endpoint);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMilliseconds, false).unref();
  });
  try {
    return await Promise.race([dialed.then(hasSettings), timeout]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    void dialed.then(
      (connection) => connection.destroy(),
      () => undefined,
    );
  }
}

function hasSettings(connection: Duplex): Promise<boolean> {
  if (connection instanceof net.Socket) {
    connection.unref();
  }
  return new Promise((resolve) => {
    const session = http2.connect("http://node", { createConnection: () => connection });
    session.once("remoteSettings", () => {
      resolve(true);
      session.destroy();
    });
    session.once("error", () => resolve(false));
    session.once("close", () => resolve(false));
  });
}
