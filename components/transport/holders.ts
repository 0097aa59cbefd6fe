import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";

import { namesIn } from "../support/paths";
import { socketPath } from "../support/socketFolders";
import { listenPrivately } from "./listening";

const answerTimeoutMilliseconds = 2_000;
const endTimeoutMilliseconds = 5_000;
/** As the relay's own: it removes such sockets of dead processes. */
const namePattern = /^hold\.[0-9a-f]{8}\.sock$/;

/** How a holder is asked to end: at once, or when what is built through it is done, because another one has its place. */
type Ending = "end" | "yield";

/** A process of this machine that carries buildx's connections to nodes, and goes on when the command has ended that began it. */
export interface Holder {
  socket: string;
  until: Date;
}

/** Says on a socket in the folder until when this process holds nodes, and hears there that it is to end. */
export async function serveAsHolder(directory: string, until: Date, end: (how: Ending) => void): Promise<void> {
  const file = socketPath(directory, `hold.${crypto.randomBytes(4).toString("hex")}.sock`);
  const server = net.createServer((client) => {
    client.on("error", () => client.destroy());
    client.on("data", (data) => {
      const word = data.toString().trim();
      if (word === "end" || word === "yield") {
        end(word);
      }
    });
    client.write(`${until.toISOString()}\n`);
  });
  await listenPrivately(server, file);
  process.once("exit", () => fs.rmSync(file, { force: true }));
}

/** The holders in a folder that live. */
export async function holdersIn(directory: string): Promise<Holder[]> {
  const sockets = namesIn(directory).filter((name) => namePattern.test(name));
  const asked = sockets.map((name) => ask(socketPath(directory, name)).catch(() => undefined));
  return (await Promise.all(asked)).filter((holder) => holder !== undefined);
}

/** Has a holder end, and waits for that where it is to be at once. */
export async function endHolder({ socket }: Holder, how: Ending): Promise<void> {
  const client = net.connect(socket);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, endTimeoutMilliseconds);
    client.once("error", () => resolve());
    client.once("close", () => resolve());
    client.once("data", () => client.write(`${how}\n`, () => how === "yield" && resolve()));
    client.once("close", () => clearTimeout(timer));
  });
  client.destroy();
}

function ask(socket: string): Promise<Holder> {
  return new Promise((resolve, reject) => {
    const client = net.connect(socket);
    client.setTimeout(answerTimeoutMilliseconds, () => client.destroy(new Error("no answer")));
    client.once("error", reject);
    client.once("data", (data) => {
      const until = new Date(data.toString().trim());
      client.destroy();
      resolve({ socket, until });
    });
  });
}
