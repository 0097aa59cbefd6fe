import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";

import type { TestRun } from "./testRun";

/** A server with the certificate that `layOutTls` put into the folder. What it can't answer is a 502. Says how it ends. */
export async function serveTls(
  run: TestRun,
  folder: string,
  { address, port }: { address: string; port: number },
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
): Promise<() => Promise<void>> {
  const server = createServer(
    { cert: readFileSync(join(folder, "server.pem")), key: readFileSync(join(folder, "server-key.pem")) },
    (incoming, outgoing) => {
      answer(incoming, outgoing).catch((error: unknown) => {
        if (!outgoing.headersSent) outgoing.writeHead(502);
        outgoing.end(String(error));
      });
    },
  );
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, address, resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  run.onClose(stop);
  return stop;
}
