import type { Dispatcher } from "undici";

import { BuildError } from "../support/errors";
import { type Environment, proxyOf } from "./proxy";
import { socksConnector } from "./socks";
import { trust } from "./trust";

/** undici loads when a registry is first asked: most commands ask none. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const undici = () => require("undici") as typeof import("undici");

// Of an index or a manifest; BuildKit takes no larger ones.
const mostBytes = 32 << 20;

/** A request to a registry, or to where it has its logins or its uploads. */
export interface HttpRequest {
  method?: "GET" | "POST" | "PUT";
  headers?: Readonly<Record<string, string>>;
  bytes?: Buffer;
  timeoutMilliseconds: number;
  /** Whether its headers open something; `Authorization` always does. */
  hasLogin?: boolean;
}

/** What was answered: redirects are answers, too. */
export interface HttpAnswer {
  status: number;
  header: (name: string) => string | undefined;
  bytes: Buffer;
  /** What has answered. */
  url: URL;
}

/** Nobody has answered. */
export class UnreachableError extends BuildError {
  constructor(
    message: string,
    /** Whether it may be otherwise soon: a certificate that is not trusted stays so. */
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}

/**
 * One request as Go's programs make it: by the proxy that they would take, with the certificates that they trust. A login
 * never goes to a proxy: what is behind TLS goes through a tunnel, and what is not is not sent with one.
 *
 * @throws UnreachableError when there is no answer.
 */
export async function ask(url: URL, request: HttpRequest, environment: Environment = process.env): Promise<HttpAnswer> {
  const { method = "GET", headers = {}, bytes, timeoutMilliseconds } = request;
  const proxy = findProxy(url, environment);
  const hasLogin = request.hasLogin === true || Object.keys(headers).some((name) => /^authorization$/i.test(name));
  if (proxy && url.protocol === "http:" && hasLogin) {
    throw new UnreachableError(
      `the login for ${url.host}, which has no TLS, is not sent through the proxy ${proxy.host}. ` +
        `Fix: name ${url.hostname} in NO_PROXY`,
      false,
    );
  }
  const dispatcher = dispatcherFor(url, proxy, timeoutMilliseconds, environment);
  try {
    const answer = await undici().request(url, {
      dispatcher,
      method,
      headers,
      body: bytes,
      headersTimeout: timeoutMilliseconds,
      bodyTimeout: timeoutMilliseconds,
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    const body = Buffer.from(await answer.body.arrayBuffer());
    return { status: answer.statusCode, header: (name) => joined(answer.headers[name]), bytes: body, url };
  } catch (error) {
    throw unreachable(url, proxy, error as NodeError);
  } finally {
    void dispatcher.destroy().catch(() => undefined);
  }
}

function findProxy(url: URL, environment: Environment): URL | undefined {
  try {
    return proxyOf(url, environment);
  } catch (error) {
    throw new UnreachableError(`${url.host} can't be reached: ${(error as Error).message}`, false);
  }
}

function dispatcherFor(url: URL, proxy: URL | undefined, timeout: number, environment: Environment): Dispatcher {
  const isTls = [url.protocol, proxy?.protocol].includes("https:");
  const connect = { timeout, ...(isTls && { secureContext: trust(environment) }) };
  const { Agent, ProxyAgent } = undici();
  const limits = { maxResponseSize: mostBytes };
  if (!proxy) {
    return new Agent({ connect, ...limits });
  }
  const username = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  if (/^socks5h?:$/.test(proxy.protocol)) {
    return new Agent({ connect: socksConnector(proxy, { username, password }, connect), ...limits });
  }
  return new ProxyAgent({
    uri: `${proxy.protocol}//${proxy.host}`,
    token: username || password ? `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` : undefined,
    // What has no TLS is asked of the proxy itself: many open tunnels to port 443 alone.
    proxyTunnel: false,
    requestTls: connect,
    proxyTls: connect,
    ...limits,
  });
}

interface NodeError extends Error {
  code?: string;
  /** Of a name with several addresses. */
  errors?: Error[];
  cause?: NodeError;
}

// https://nodejs.org/docs/latest-v20.x/api/tls.html#x509-certificate-error-codes
const untrusted = /^(CERT_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_SSL_|EPROTO)/;

function unreachable(url: URL, proxy: URL | undefined, error: NodeError): UnreachableError {
  const { message, code = "", errors } = error;
  const reason = message || errors?.[0]?.message || code || "no answer";
  const words = error.name === "TimeoutError" ? "no answer in time" : reason;
  const way = proxy ? ` through the proxy ${proxy.host}` : "";
  const trusted = untrusted.test(code)
    ? ". Fix: where `pulumi` runs, add its certificate authority to the system's, or name its file in SSL_CERT_FILE"
    : "";
  return new UnreachableError(`${url.host} can't be reached${way}: ${words}${trusted}`, !untrusted.test(code));
}

function joined(values: string | string[] | undefined): string | undefined {
  return Array.isArray(values) ? values.join(", ") : values;
}
