import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";

import { BuildError } from "../../../support/errors";
import { expandedHome } from "../../../support/paths";
import type { ProxySettings, TransportSettings } from "../awsSettings";
import { proxyFor } from "./proxies";

const timeouts = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };

/** Options of the AWS SDK's own request handler, which by itself knows neither proxies nor AWS_CA_BUNDLE. */
export function requestHandlerOf(settings: TransportSettings) {
  const bundle = settings.customCaBundle ?? process.env.AWS_CA_BUNDLE;
  const trust = {
    ...(bundle && { ca: readBundle(bundle) }),
    ...(settings.insecure && { rejectUnauthorized: false }),
  };
  // As the SDK's own agents.
  const options = { keepAlive: true, maxSockets: 50, ...trust };
  return { ...timeouts, httpAgent: new PlainAgent(settings, options), httpsAgent: new TlsAgent(settings, options) };
}

function readBundle(bundle: string): Buffer {
  try {
    return fs.readFileSync(expandedHome(bundle));
  } catch (error) {
    throw new BuildError(
      `the certificates for AWS (\`customCaBundle\` of the aws provider, or AWS_CA_BUNDLE) are ${bundle}, which can't be ` +
        `read: ${(error as Error).message}. Fix: name a file of PEM certificates.`,
    );
  }
}

type Connected = (error: Error | null, stream: Duplex) => void;

class PlainAgent extends http.Agent {
  constructor(
    private readonly settings: ProxySettings,
    options: http.AgentOptions,
  ) {
    super(options);
  }

  override createConnection(options: http.ClientRequestArgs, connected?: Connected): Duplex | null | undefined {
    const proxy = proxyFor(targetOf("http:", options), this.settings);
    if (!proxy) return super.createConnection(options, connected);
    tunnel(proxy, options).then((socket) => connected?.(null, socket), fail(connected));
    return undefined;
  }
}

class TlsAgent extends https.Agent {
  constructor(
    private readonly settings: ProxySettings,
    options: https.AgentOptions,
  ) {
    super(options);
  }

  override createConnection(options: https.RequestOptions, connected?: Connected): Duplex | null | undefined {
    const proxy = proxyFor(targetOf("https:", options), this.settings);
    if (!proxy) return super.createConnection(options, connected);
    const { host, servername = host } = options;
    const secure = (socket: Duplex) =>
      tls.connect({ ...(options as tls.ConnectionOptions), socket, servername: servername ?? undefined });
    tunnel(proxy, options).then((socket) => connected?.(null, secure(socket)), fail(connected));
    return undefined;
  }
}

// What a failed connection gives besides its error, nobody looks at.
const fail = (connected: Connected | undefined) => (error: Error) => connected?.(error, undefined as unknown as Duplex);

function targetOf<Protocol extends "http:" | "https:">(protocol: Protocol, { host, port }: http.ClientRequestArgs) {
  return { protocol, host: host ?? "localhost", port: Number(port) || (protocol === "http:" ? 80 : 443) };
}

/** A connection through a proxy, by which it sees host and port alone: https://www.rfc-editor.org/rfc/rfc9110#name-connect */
function tunnel(proxy: URL, options: http.ClientRequestArgs): Promise<Duplex> {
  const { username, password } = proxy;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const target = `${options.host?.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
  const { request } = proxy.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: target,
      agent: false,
      timeout: timeouts.requestTimeout,
      headers: {
        host: target,
        ...(username && { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` }),
      },
    });
    asked.once("connect", ({ statusCode, statusMessage }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answered CONNECT ${target} with ${statusCode} ${statusMessage}`));
    });
    asked.once("timeout", () => asked.destroy(new Error(`the proxy ${proxy.host} did not answer CONNECT ${target}`)));
    asked.once("error", reject);
    asked.end();
  });
}
