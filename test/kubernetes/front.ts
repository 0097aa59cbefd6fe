import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { join } from "node:path";

import type { Kubernetes } from "./fixture";
import type { ClusterUser } from "./settings";

const apiPort = 6443;

/** What stands between callers and the real API server, as a load balancer does, or a proxy of a company. */
export interface ApiFront {
  /** Where it listens on this machine's loopback. */
  readonly port: number;
  /** A kubeconfig, as text, by which it is passed. */
  kubeconfig(user: ClusterUser): Promise<string>;
  /** How many connections it has ended so far, and why. */
  readonly ended: { asked: number; silent: number };
  /** Ends all connections that are open, as a load balancer does with those that are too old. Says how many. */
  cut(): number;
  stop(): Promise<void>;
}

/** @param options.silenceSeconds it ends a connection that has said nothing in either direction for that long */
export async function startFront(kubernetes: Kubernetes, options: { silenceSeconds?: number } = {}): Promise<ApiFront> {
  const { address } = kubernetes.cluster.places;
  const open = new Set<net.Socket>();
  const ended = { asked: 0, silent: 0 };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = net.connect({ host: address, port: apiPort, allowHalfOpen: true });
    const end = () => [client, upstream].forEach((socket) => socket.destroy());
    open.add(client);
    client.on("error", end).on("close", () => {
      open.delete(client);
      end();
    });
    upstream.on("error", end).on("close", end);
    // What is written counts, too.
    client.setTimeout((options.silenceSeconds ?? 0) * 1_000, () => {
      ended.silent += 1;
      end();
    });
    client.pipe(upstream).pipe(client);
  });
  const port = await listen(server);
  return {
    port,
    kubeconfig: (user) => kubeconfigThrough(kubernetes, user, port),
    ended,
    cut: () => {
      const all = [...open];
      all.forEach((socket) => socket.destroy());
      ended.asked += all.length;
      return all.length;
    },
    stop: async () => {
      open.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A front that speaks HTTP itself, and knows no WebSockets: it passes requests on without what asks for them. */
export async function startPlainFront(kubernetes: Kubernetes): Promise<Pick<ApiFront, "kubeconfig" | "stop">> {
  const { address, folder } = kubernetes.cluster.places;
  const [cert, key, ca] = await Promise.all(
    ["server.crt", "server.key", "ca.crt"].map((name) => readFile(join(folder, "pki", name))),
  );
  const server = https.createServer({ cert, key }, (incoming, outgoing) => {
    const passed = Object.entries(incoming.headers).filter(([name]) => name !== "connection" && name !== "upgrade");
    const headers = Object.fromEntries(passed);
    const { method, url: path } = incoming;
    const asked = https.request({ host: address, port: apiPort, ca, method, path, headers, agent: false });
    asked.on("response", (answer: http.IncomingMessage) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  });
  const port = await listen(server);
  return {
    kubeconfig: (user) => kubeconfigThrough(kubernetes, user, port),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

async function kubeconfigThrough({ cluster }: Kubernetes, user: ClusterUser, port: number): Promise<string> {
  const text = await readFile(cluster.kubeconfig(user), "utf8");
  return text.replace(/https:\/\/[^"]+/, `https://127.0.0.1:${port}`);
}
