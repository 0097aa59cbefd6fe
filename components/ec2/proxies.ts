import * as net from "node:net";

import { BuildError } from "../errors";

/** By which proxy requests go; what is not said is as the environment says. */
export interface ProxySettings {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
}

/**
 * The proxy for a host, as an aws provider with these settings chooses it: `httpProxy` counts for HTTPS, too, where nothing
 * else is said for that; a host of this machine has none.
 * @see https://github.com/hashicorp/aws-sdk-go-base/blob/main/internal/config/config.go (HTTPProxyModeLegacy)
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function proxyFor(
  { protocol, host, port }: { protocol: "http:" | "https:"; host: string; port: number },
  settings: ProxySettings,
  environment: NodeJS.ProcessEnv = process.env,
): URL | undefined {
  const named = (name: string) => environment[name] ?? environment[name.toLowerCase()];
  const http = settings.httpProxy ?? named("HTTP_PROXY");
  const proxy = protocol === "http:" ? http : (settings.httpsProxy ?? named("HTTPS_PROXY") ?? settings.httpProxy);
  const isExcepted = isLocal(host) || matchesAny(settings.noProxy ?? named("NO_PROXY") ?? "", host, port);
  return proxy && !isExcepted ? parsed(proxy) : undefined;
}

function parsed(proxy: string): URL {
  const text = proxy.includes("://") ? proxy : `http://${proxy}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new BuildError(
      `the proxy for AWS is ${JSON.stringify(withoutLogin(proxy))}, of the aws provider or of the environment: hooks use ` +
        "proxies such as http://proxy.example.com:3128. Fix: name one of these in `httpsProxy` of the aws provider, or in HTTPS_PROXY.",
    );
  }
  return url;
}

/** The login is a secret. */
const withoutLogin = (proxy: string): string => proxy.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/\/)?[^/@]*@/i, "$1");

const isLocal = (host: string): boolean => host === "localhost" || /^127\.|^::1$/.test(host);

/** `example.com` and `.example.com` are also for what is below, `10.0.0.0/8` for addresses, `*` for all. */
function matchesAny(list: string, host: string, port: number): boolean {
  const patterns = list.split(",").map((each) => each.trim().toLowerCase());
  return patterns.filter(Boolean).some((pattern) => pattern === "*" || matches(pattern, host.toLowerCase(), port));
}

function matches(pattern: string, host: string, port: number): boolean {
  const [network, length] = pattern.split("/");
  if (length !== undefined) {
    return isInside(host, network, Number(length));
  }
  const [, name, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  const domain = (net.isIP(pattern) ? pattern : name).replace(/^\*?\./, "");
  const isPort = net.isIP(pattern) !== 0 || onlyPort === undefined || Number(onlyPort) === port;
  return isPort && (host === domain || (net.isIP(host) === 0 && host.endsWith(`.${domain}`)));
}

function isInside(address: string, network: string, length: number): boolean {
  const [family, ofNetwork] = [net.isIP(address), net.isIP(network)];
  if (family === 0 || family !== ofNetwork || !(length >= 0 && length <= (family === 6 ? 128 : 32))) {
    return false;
  }
  const list = new net.BlockList();
  list.addSubnet(network, length, family === 6 ? "ipv6" : "ipv4");
  return list.check(address, family === 6 ? "ipv6" : "ipv4");
}
