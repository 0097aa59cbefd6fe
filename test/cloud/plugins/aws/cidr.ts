import { BlockList, isIP, isIPv6 } from "node:net";

/**
 * What is wrong with a network, in the real provider's words: its address must be the network's own. Letters of either case
 * are the same address there, but not to Pulumi, which compares texts.
 * @see https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/verify/validate.go ValidateIPv4CIDRBlock
 */
export function cidrFault(cidr: string, version: 4 | 6): string | undefined {
  const [address = "", length = "", ...rest] = cidr.split("/");
  const longest = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || rest.length > 0 || !/^\d+$/.test(length) || Number(length) > longest) {
    return `"${cidr}" is not a valid CIDR block: invalid CIDR address: ${cidr}`;
  }
  if (isIP(address) !== version) return `"${cidr}" is not a valid IPv${version} CIDR block`;
  const network = firstOf(bytesOf(address), Number(length));
  return isSameAddress(address, network)
    ? undefined
    : `"${cidr}" is not a valid IPv${version} CIDR block; did you mean "${network}/${length}"?`;
}

function isSameAddress(one: string, other: string): boolean {
  const list = new BlockList();
  const family = isIPv6(one) ? "ipv6" : "ipv4";
  list.addAddress(one, family);
  return list.check(other, family);
}

/** With the last bits zero, in the usual spelling. */
function firstOf(bytes: number[], length: number): string {
  const kept = bytes.map((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - at * 8));
    return byte & (0xff << (8 - bits)) & 0xff;
  });
  if (kept.length === 4) return kept.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => (kept[at * 2] * 256 + kept[at * 2 + 1]).toString(16));
  // As browsers and Go shorten it: https://url.spec.whatwg.org/#concept-ipv6-serializer
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function bytesOf(address: string): number[] {
  if (!isIPv6(address)) return address.split(".").map(Number);
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const parts = (text = "") => (text === "" ? [] : text.split(":"));
  const missing = 8 - parts(head).length - parts(tail).length;
  const groups = [...parts(head), ...Array<string>(tail === undefined ? 0 : missing).fill("0"), ...parts(tail)];
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
}
