import * as fs from "node:fs";
import * as net from "node:net";

/** Whether anybody listens on a socket, or where a link to one leads. */
export function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socket);
    probe.once("error", () => resolve(false));
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
  });
}

/** Has a server listen on a socket that this user alone may open. */
export async function listenPrivately(server: net.Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, resolve);
  });
  fs.chmodSync(socket, 0o600);
}
