import { execute } from "./command";
import type { TestRun } from "./testRun";

/** One host of the tests' network: a network namespace with an address of its own. */
export interface NetworkHost {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** Prefix length of `address`: what a machine behind this host's port needs to know. */
  readonly prefixLength: number;
  /** The command line that runs `command` on this host. */
  enter(command: string[]): string[];
  /** How often a TCP connection was asked for at `port` so far: dropped and repeated requests (SYN) count, too. */
  connections(port: number): Promise<number>;
  /** From now on packets to this host vanish, as behind a closed security group: nothing answers. */
  drop(): Promise<void>;
  restore(): Promise<void>;
  remove(): Promise<void>;
}

/** A network of one run: a bridge that the test process is on, too, and hosts that are added to it. */
export interface TestNetwork {
  /** The test process's own address on it: what runs there is reached at it from every host. */
  readonly address: string;
  /**
   * @param options.machine the host is a virtual machine: its own kernel takes the address, through `tap0`
   * @param options.ports ports whose connections are counted
   */
  addHost(name: string, options?: { machine?: boolean; ports?: number[] }): Promise<NetworkHost>;
}

export const buildkitPort = 1234;
/** A machine's second port, for the harness: neither counted nor dropped. */
export const harnessPort = 1235;
const prefixLength = 24;

export async function createNetwork(run: TestRun): Promise<TestNetwork> {
  const addressOf = networkOf(run.number);
  await refuseForeignUse(addressOf(0), run.name);
  await ip(
    ["link", "add", run.name, "type", "bridge"],
    ["address", "add", `${addressOf(1)}/${prefixLength}`, "dev", run.name],
    ["link", "set", run.name, "up"],
  );
  let hosts = 0;
  return {
    address: addressOf(1),
    addHost: async (name, options = {}) => {
      // Never an address twice: a host that comes back elsewhere is really elsewhere.
      hosts += 1;
      if (hosts > 250) throw new Error(`${run.name}: no address left for host "${name}"; open a second run`);
      const number = hosts + 1;
      return addHost(run, { name, number, address: addressOf(number), ports: [buildkitPort], ...options });
    },
  };
}

/** 198.18.0.0/15 is set aside for tests (RFC 2544): no real network uses it. */
function networkOf(run: number): (host: number) => string {
  return (host) => `198.${18 + (run >> 8)}.${run & 255}.${host}`;
}

async function refuseForeignUse(network: string, run: string): Promise<void> {
  const routes = await execute(["ip", "-4", "route", "show", "to", "match", `${network}/${prefixLength}`]);
  const foreign = routes.split("\n").find((route) => route !== "" && !route.startsWith("default"));
  if (foreign) {
    throw new Error(
      `${run}: the tests' network ${network}/${prefixLength} is in use here ("${foreign}"); remove that route`,
    );
  }
}

async function addHost(
  run: TestRun,
  host: { name: string; number: number; address: string; machine?: boolean; ports: number[] },
): Promise<NetworkHost> {
  const namespace = `${run.name}-${host.name}-${host.number}`;
  // Interface names have at most 15 bytes, so the number stands for the host.
  const link = `${run.name}-${host.number}`;
  // Not "ip netns exec": it mounts a /sys without cgroups over the machine's, and runc needs those.
  const enter = (command: string[]): string[] => ["nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
  const inside = (...commands: string[][]): Promise<string> =>
    ip(...commands.map((args) => ["-n", namespace, ...args]));

  await ip(
    ["netns", "add", namespace],
    ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace],
    ["link", "set", link, "master", run.name, "up"],
  );
  await inside(["link", "set", "lo", "up"], ["link", "set", "eth0", "up"]);
  if (host.machine) {
    await inside(
      ["link", "add", "br0", "type", "bridge"],
      ["tuntap", "add", "dev", "tap0", "mode", "tap"],
      ["link", "set", "eth0", "master", "br0"],
      ["link", "set", "tap0", "master", "br0", "up"],
      ["link", "set", "br0", "up"],
    );
  } else {
    await inside(["address", "add", `${host.address}/${prefixLength}`, "dev", "eth0"]);
  }
  const nft = (ruleset: string): Promise<string> => execute(enter(["nft", "-f", "-"]), { input: ruleset });
  await nft(ingressRules(host.ports));
  return {
    name: host.name,
    namespace,
    address: host.address,
    prefixLength,
    enter,
    connections: async (port) => {
      const said = await execute(enter(["nft", "-j", "list", "counter", "netdev", "tests", `port${port}`]));
      const parts = (JSON.parse(said) as { nftables: { counter?: { packets: number } }[] }).nftables;
      return parts.find((part) => part.counter)?.counter?.packets ?? 0;
    },
    // ARP still answers: without it callers would be told "no route to host", where a closed security group is silent.
    drop: async () => void (await nft(`add rule netdev tests gate tcp dport != ${harnessPort} drop`)),
    restore: async () => void (await nft("flush chain netdev tests gate")),
    remove: async () => void (await ip(["link", "delete", link], ["netns", "delete", namespace])),
  };
}

/** At the device's ingress, so that one ruleset serves a namespace and a machine that is bridged behind it. */
function ingressRules(ports: number[]): string {
  return `table netdev tests {
${ports.map((port) => `  counter port${port} {}`).join("\n")}
  chain gate {}
  chain arrivals {
    type filter hook ingress device "eth0" priority 0; policy accept;
${ports.map((port) => `    tcp dport ${port} tcp flags & (syn | ack) == syn counter name port${port}`).join("\n")}
    jump gate
  }
}
`;
}

async function ip(...commands: string[][]): Promise<string> {
  let said = "";
  for (const command of commands) said = await execute(["ip", ...command]);
  return said;
}
