import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import WebSocket from "ws";

import { ApiError, statusMessage } from "./errors";
import { ForwardedStream } from "./stream";

/** Alone: the server takes the first that it knows, and later ones have another frame. */
const protocol = "v4.channel.k8s.io";
const handshakeMilliseconds = 10_000;
const mostErrorBytes = 16_384;

/** A connection to a port of a pod's loopback, through the cluster's API. */
export async function openForward(config: KubeConfig, namespace: string, pod: string, port: number): Promise<Duplex> {
  const { server = "" } = config.getCurrentCluster() ?? {};
  const options: WebSocket.ClientOptions = {};
  await config.applyToHTTPSOptions(options);
  const base = server.replace(/^http/, "ws").replace(/\/+$/, "");
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/portforward`;
  const socket = new WebSocket(`${base}${path}?ports=${port}`, [protocol], {
    ...options,
    handshakeTimeout: handshakeMilliseconds,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  // Before it is open: what comes at once is not lost.
  const stream = new ForwardedStream(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    stream.once("error", reject);
    // The program ends when its work does, not when a connection does.
    socket.once("upgrade", (response) => response.socket.unref());
    socket.once("unexpected-response", (_request, response) => {
      void refusal(response).then((error) => stream.destroy(error));
    });
  });
  return stream;
}

async function refusal(response: IncomingMessage): Promise<ApiError> {
  let body = "";
  try {
    for await (const chunk of response) {
      body = (body + String(chunk)).slice(0, mostErrorBytes);
    }
  } catch {
    // What has come has to do.
  }
  const { statusCode = 0 } = response;
  // Kubernetes before 1.35 asks for `get`, and later ones for `create`, too.
  const asked = { verb: "get and create", resource: "pods/portforward" };
  return new ApiError(statusCode, statusMessage(body) ?? `status ${statusCode}`, asked);
}
