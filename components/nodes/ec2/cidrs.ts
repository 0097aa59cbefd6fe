import * as net from "node:net";

import { argumentError } from "../../support/errors";

/**
 * A network that a rule of a security group may let in: written as AWS answers it, because the aws provider refuses the
 * address of a host, and every update would change a rule that is spelled another way.
 * @see https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/verify/validate.go (ValidateIPv4CIDRBlock)
 */
export function checkCidr(owner: string, cidr: string): void {
  const network = networkOf(cidr);
  if (network === undefined) {
    const remedy = "a network such as 203.0.113.0/24 or 2001:db8::/48 is allowed";
    throw argumentError(owner, "ec2.ingress.cidrs", cidr, remedy);
  }
  if (cidr.endsWith("/0")) {
    const remedy =
      "it lets in the whole internet; name your networks, or leave `ingress` out: each update lets in its own machine";
    throw argumentError(owner, "ec2.ingress.cidrs", cidr, remedy);
  }
  if (network !== cidr) {
    const remedy = `AWS's name of that network is ${network}; write that, or a single address with /${cidr.includes(":") ? 128 : 32}`;
    throw argumentError(owner, "ec2.ingress.cidrs", cidr, remedy);
  }
}

/** The network that an address with a prefix is in, in AWS's spelling; undefined for what is none. */
export function networkOf(cidr: string): string | undefined {
  const [address, length, ...rest] = cidr.split("/");
  const family = net.isIP(address);
  const longest = family === 6 ? 128 : 32;
  // A zone (fe80::1%eth0) is a machine's own.
  if (
    family === 0 ||
    address.includes("%") ||
    rest.length > 0 ||
    !/^(0|[1-9]\d*)$/.test(length ?? "") ||
    Number(length) > longest
  ) {
    return undefined;
  }
  const words = family === 6 ? groupsOf(address) : address.split(".").map(Number);
  const bits = longest / words.length;
  const kept = words.map((word, at) => {
    const free = bits - Math.min(bits, Math.max(0, Number(length) - at * bits));
    return (word >> free) << free;
  });
  return `${family === 6 ? ipv6Text(kept) : kept.join(".")}/${length}`;
}

/** The eight groups of an IPv6 address, also of one that ends in an IPv4 address. */
function groupsOf(address: string): number[] {
  const [head, tail] = ipv6Host(address).split("::");
  const parts = (text: string | undefined) => (text ? text.split(":").map((group) => parseInt(group, 16)) : []);
  const missing = tail === undefined ? 0 : 8 - parts(head).length - parts(tail).length;
  return [...parts(head), ...new Array<number>(missing).fill(0), ...parts(tail)];
}

const ipv6Text = (groups: readonly number[]): string => ipv6Host(groups.map((group) => group.toString(16)).join(":"));

/** Small letters, without leading zeros, the longest run of zeros as `::`: https://url.spec.whatwg.org/#concept-ipv6-serializer */
const ipv6Host = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);
