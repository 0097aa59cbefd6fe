import { readFileSync } from "node:fs";

import { Agent, type Dispatcher, ProxyAgent, request } from "undici";

/** Of the provider's arguments. */
export interface TransportSettings {
  httpProxy?: string;
  httpsProxy?: string;
  customCaBundle?: string;
}

/** As much of the SDK's request as a handler needs. */
interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/**
 * The way to AWS, where the provider has one of its own. Its proxy for HTTP counts for HTTPS, too, where it has no other:
 * https://github.com/hashicorp/aws-sdk-go-base/blob/main/internal/config/config.go (HTTPProxyModeLegacy)
 */
export function dispatcherOf({ httpProxy, httpsProxy, customCaBundle }: TransportSettings): Dispatcher | undefined {
  const proxy = httpsProxy ?? httpProxy;
  if (!proxy && !customCaBundle) return undefined;
  const trust = customCaBundle ? { ca: readFileSync(customCaBundle) } : {};
  return proxy ? new ProxyAgent({ uri: proxy, requestTls: trust }) : new Agent({ connect: trust });
}

/** For clients of the SDK, whose own handler knows no proxy. */
export const handlerOf = (dispatcher: Dispatcher) => ({
  metadata: { handlerProtocol: "http/1.1" },
  async handle({ protocol, hostname, port, path, query = {}, method, headers, body }: SdkRequest) {
    const url = new URL(`${protocol}//${hostname}${port ? `:${port}` : ""}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value ?? ""));
    const answer = await request(url, { method: method as Dispatcher.HttpMethod, headers, body, dispatcher });
    return {
      response: { statusCode: answer.statusCode, headers: answer.headers as Record<string, string>, body: answer.body },
    };
  },
});
