import * as net from "node:net";
import { domainToASCII } from "node:url";

/** Whether an entry of NO_PROXY means a host: lower-case, and without the brackets of IPv6. */
type Exception = (host: string, port: string) => boolean;

/**
 * Whether Go's programs, and so docker-build, BuildKit and the aws provider, ask a host directly: it is this machine, or in
 * the list of NO_PROXY.
 *
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function isExcepted(hostname: string, port: string, noProxy: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  return host === "localhost" || isLoopbackAddress(host) || exceptionsOf(noProxy).some((each) => each(host, port));
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
