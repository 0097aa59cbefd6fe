import { readFileSync } from "node:fs";
import { request as send } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";

import type { TrustedRegistries } from "./buildHost";
import type { Authority } from "./certificates";
import { freePort, layOutTls, type Registry } from "./registry";
import type { TestRun } from "./testRun";
import { serveTls } from "./tlsFront";

export interface ObservedRequest {
  method: string;
  path: string;
  /** None when the connection was refused. */
  status?: number;
}

/** A registry's front that passes all through, until it is told otherwise. */
export interface TamperingProxy extends Pick<
  Registry,
  "host" | "url" | "caFile" | "bundleFile" | "certificateFolder" | "trusted"
> {
  /** All requests since the last `forget()`. */
  readonly requests: readonly ObservedRequest[];
  forget(): void;
  /** Every index that is read from now on lacks `platform`. */
  removePlatform(platform: string): void;
  /** Every manifest and index is answered as `change` returns it; `undefined`: not found. */
  changeManifests(change: (manifest: Buffer, path: string) => Buffer | undefined): void;
  /** From now on: this status for all, or a connection that is cut. */
  refuse(how: number | "connection"): void;
  /** Passes all through again. */
  behave(): void;
  stop(): Promise<void>;
}

interface Index {
  manifests?: { platform?: { os: string; architecture: string; variant?: string } }[];
}

export async function startTamperingProxy(
  run: TestRun,
  authority: Authority,
  upstream: Registry,
  address: string,
): Promise<TamperingProxy> {
  const port = await freePort(address);
  const host = `${address}:${port}`;
  const folder = join(run.folder, `tamper-${port}`);
  const tls = await layOutTls(folder, authority, address);
  const requests: ObservedRequest[] = [];
  let change: ((manifest: Buffer, path: string) => Buffer | undefined) | undefined;
  let refusal: number | "connection" | undefined;

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const observed: ObservedRequest = { method: incoming.method ?? "", path: incoming.url ?? "" };
    requests.push(observed);
    if (refusal === "connection") return void incoming.socket.destroy();
    if (refusal !== undefined) {
      observed.status = refusal;
      return void outgoing.writeHead(refusal).end();
    }
    const upstreamAnswer = await forward(incoming, upstream);
    observed.status = upstreamAnswer.statusCode;
    if (!change || incoming.method !== "GET" || upstreamAnswer.statusCode !== 200 || !isManifest(observed.path)) {
      outgoing.writeHead(upstreamAnswer.statusCode ?? 502, upstreamAnswer.headers);
      upstreamAnswer.pipe(outgoing);
      return;
    }
    const changed = change(await buffer(upstreamAnswer), observed.path);
    observed.status = changed ? 200 : 404;
    if (!changed) return void outgoing.writeHead(404).end();
    outgoing.writeHead(200, { ...upstreamAnswer.headers, "content-length": changed.length }).end(changed);
  };
  const stop = await serveTls(run, folder, { address, port }, answer);
  const trusted: TrustedRegistries = { [host]: { caFile: tls.caFile } };
  return {
    host,
    url: `https://${host}`,
    ...tls,
    trusted,
    requests,
    forget: () => void requests.splice(0),
    removePlatform: (platform) => {
      change = (manifest) => withoutPlatform(manifest, platform);
    },
    changeManifests: (next) => {
      change = next;
    },
    refuse: (how) => {
      refusal = how;
    },
    behave: () => {
      [change, refusal] = [undefined, undefined];
    },
    stop,
  };
}

const isManifest = (path: string): boolean => /^\/v2\/.+\/manifests\//.test(path);

function withoutPlatform(manifest: Buffer, platform: string): Buffer {
  const index = JSON.parse(manifest.toString("utf8")) as Index;
  if (!index.manifests) return manifest;
  const kept = index.manifests.filter(({ platform: own }) => {
    const name = own && [own.os, own.architecture, ...(own.variant ? [own.variant] : [])].join("/");
    return name !== platform;
  });
  return Buffer.from(JSON.stringify({ ...index, manifests: kept }));
}

/** Passes a request on to the registry behind a front. */
export async function forward(incoming: IncomingMessage, upstream: Registry): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = send(
      new URL(incoming.url ?? "/", upstream.url),
      // The caller's own Host header would make the registry name itself by the proxy's address, which is right.
      { method: incoming.method, headers: incoming.headers, ca: readFileSync(upstream.caFile), agent: false },
      resolve,
    );
    outgoing.once("error", reject);
    incoming.pipe(outgoing);
  });
}
