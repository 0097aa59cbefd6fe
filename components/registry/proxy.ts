import * as net from "node:net";
import { domainToASCII } from "node:url";

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Whether an entry of NO_PROXY means a host: lower-case, and without the brackets of IPv6. */
type Exception = (host: string, port: string) => boolean;

/**
 * The proxy by which Go's programs, and so docker-build and BuildKit, ask for an URL; none where they ask directly.
 *
 * A host's own variable alone counts (HTTPS_PROXY for https), and loopback is never behind a proxy.
 *
 * @throws Error of a variable that is no URL.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyOf(url: URL, environment: Environment): URL | undefined {
  const isTls = url.protocol === "https:";
  const name = isTls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const given = environment[name] || environment[name.toLowerCase()];
  const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (!given || host === "localhost" || isLoopbackAddress(host)) {
    return undefined;
  }
  const port = url.port || (isTls ? "443" : "80");
  const exceptions = exceptionsOf(environment.NO_PROXY || environment.no_proxy || "");
  return exceptions.some((each) => each(host, port)) ? undefined : proxyUrl(name, given);
}

/** Go takes `proxy:3128` for `http://proxy:3128`. */
function proxyUrl(name: string, given: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hostname && /^(https?|socks5h?):$/.test(url.protocol)) {
    return url;
  }
  // Its text may hold a password.
  throw new Error(
    `${name} in the environment is no URL of a proxy, such as http://proxy.example:3128 (http, https or socks5)`,
  );
}

function isLoopbackAddress(host: string): boolean {
  return matchesAddress("127.0.0.0", 8, host) || matchesAddress("::1", 128, host);
}

function exceptionsOf(list: string): Exception[] {
  const entries = list.split(",").map((entry) => entry.trim().toLowerCase());
  return entries.includes("*") ? [() => true] : entries.filter((entry) => entry !== "").flatMap(exceptionOf);
}

function exceptionOf(entry: string): Exception[] {
  const [, network, bits] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  if (network !== undefined && net.isIP(network) !== 0 && Number(bits) <= (net.isIPv4(network) ? 32 : 128)) {
    return [(host) => matchesAddress(network, Number(bits), host)];
  }
  const { host: named, port: wanted } = splitPort(entry);
  const isPort = (port: string) => wanted === "" || wanted === port;
  if (net.isIP(named) !== 0) {
    const whole = net.isIPv4(named) ? 32 : 128;
    return [(host, port) => matchesAddress(named, whole, host) && isPort(port)];
  }
  if (named === "") {
    return [];
  }
  // `.acme.com` and `*.acme.com` are what is below it, `acme.com` is that and itself.
  const suffix = named.replace(/^\*(?=\.)/, "");
  const isItself = !suffix.startsWith(".");
  const name = isItself ? ascii(suffix) : ascii(suffix.slice(1));
  return [(host, port) => (host.endsWith(`.${name}`) || (isItself && host === name)) && isPort(port)];
}

/** `HOST:PORT` and `[IPV6]:PORT`; of an entry without a port it is all the host. */
function splitPort(entry: string): { host: string; port: string } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(entry) ?? [];
  return port === undefined ? { host: entry, port: "" } : { host: bracketed ?? plain, port };
}

function ascii(name: string): string {
  return /[^\x00-\x7f]/.test(name) ? domainToASCII(name) || name : name;
}

/** An IPv4 address is the same one where it is written as one of IPv6, and is in no network of others. */
function matchesAddress(network: string, bits: number, host: string): boolean {
  if (net.isIP(host) === 0 || isIpv4(host) !== isIpv4(network)) {
    return false;
  }
  return listOf(network, bits).check(host, familyOf(host));
}

function isIpv4(address: string): boolean {
  return net.isIPv4(address) || listOf("::ffff:0:0", 96).check(address, "ipv6");
}

function listOf(network: string, bits: number): net.BlockList {
  const list = new net.BlockList();
  list.addSubnet(network, bits, familyOf(network));
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return net.isIPv4(address) ? "ipv4" : "ipv6";
}
