import { shortHash } from "../../../support/paths";

/** The bridge of a daemon that its RUN steps are behind. */
export interface StepNetwork {
  bridgeName: string;
  subnet: string;
}

/** What BuildKit's bridge needs: its release archive has the first four. */
export const stepNetworkPrograms = [
  "buildkit-cni-bridge",
  "buildkit-cni-loopback",
  "buildkit-cni-host-local",
  "buildkit-cni-firewall",
  "iptables",
];

/** Half of RFC 2544's network for benchmarks, which no network is. */
const firstBytes = "198.19";
const subnets = 256;

/**
 * A bridge for each daemon, because several run on one machine.
 * @param addresses of this machine's interfaces, but for the bridge of this daemon itself
 */
export function stepNetworkOf(directory: string, addresses: (bridgeName: string) => readonly string[]): StepNetwork {
  const hash = shortHash(directory);
  // 15 characters at most: https://man7.org/linux/man-pages/man7/netdevice.7.html (IFNAMSIZ)
  const bridgeName = `buildkit-${hash.slice(0, 6)}`;
  const used = addresses(bridgeName);
  const wanted = Number.parseInt(hash.slice(-2), 16);
  const candidates = Array.from({ length: subnets }, (_, at) => `${firstBytes}.${(wanted + at) % subnets}.`);
  const free = candidates.find((prefix) => !used.some((address) => address.startsWith(prefix))) ?? candidates[0];
  return { bridgeName, subnet: `${free}0/24` };
}

/** The lines of the worker's table in buildkitd.toml. Without a bridge BuildKit takes the machine's own network. */
export function stepNetworkLines(network: StepNetwork | undefined): string[] {
  return network
    ? [
        'networkMode = "bridge"',
        `bridgeName = ${JSON.stringify(network.bridgeName)}`,
        `bridgeSubnet = ${JSON.stringify(network.subnet)}`,
      ]
    : [];
}

/** What a start of the daemon logs of the network of its RUN steps. */
export function describeStepNetwork(missing: readonly string[]): string {
  return missing.length === 0
    ? ""
    : `; its RUN steps are on this machine's own network, with its loopback and instance metadata, because ${missing.join(", ")} ${
        missing.length === 1 ? "is" : "are"
      } not on PATH`;
}
