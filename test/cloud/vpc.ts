import { execute } from "../hosts/command";
import type { NetworkHost, TestNetwork } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { metadataAddress, servicesAddress } from "./imagesFiles";

/** The network that instances are in: one namespace, which routes between them, their callers and the run's network. */
export interface Vpc {
  readonly host: NetworkHost;
  readonly namespace: string;
  /** At which the test process reaches what listens on all addresses of the namespace. */
  readonly address: string;
  readonly metadataAddress: string;
  readonly servicesAddress: string;
  /** From which programs inside the namespace call instances, whether at public or at private addresses. */
  readonly callerAddress: string;
  /** The command line that runs `command` inside, as on a machine of the internet. */
  enter(command: string[]): string[];
}

/** Set aside for documentation (RFC 5737): no caller has it. */
export const callerAddress = "203.0.113.10";

/** The default VPC's subnets are 172.31.0.0/20 and those that follow it; each one's first address is its router. */
export const gateways = [0, 16, 32, 48, 64, 80].map((third) => `172.31.${third}.1`);

/** Instances are added by test/cloud/machines/network.py. */
export async function createVpc(_run: TestRun, network: TestNetwork): Promise<Vpc> {
  const host = await network.addHost("vpc", { ports: [] });
  const inside = async (...commands: string[][]): Promise<void> => {
    for (const args of commands) await execute(["ip", "-n", host.namespace, ...args]);
  };
  for (const address of [...gateways, metadataAddress, servicesAddress, callerAddress]) {
    await inside(["address", "add", `${address}/32`, "dev", "lo"]);
  }
  await inside(["route", "add", "default", "via", network.address]);
  await execute(host.enter(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]));
  await execute(host.enter(["nft", "-f", "-"]), { input: vpcRules });
  return {
    host,
    namespace: host.namespace,
    address: host.address,
    metadataAddress,
    servicesAddress,
    callerAddress,
    enter: (command) => host.enter(command),
  };
}

/**
 * A public address is no address of the instance: it is translated on the way, as on EC2. Only then does the packet meet
 * the security group of the instance, which answers what the instance asked for itself without a rule. What has been
 * partitioned is cut off before all that.
 */
const vpcRules = `
table inet vpc {
  map public { type ipv4_addr : ipv4_addr; }
  map groups { type ipv4_addr : verdict; }
  set partitioned { type ifname; }
  chain cut_from {
    type filter hook prerouting priority raw; policy accept;
    iifname @partitioned drop
  }
  chain cut_to {
    type filter hook postrouting priority srcnat - 10; policy accept;
    oifname @partitioned drop
  }
  chain arriving {
    type nat hook prerouting priority dstnat; policy accept;
    dnat ip to ip daddr map @public
  }
  chain calling {
    type nat hook output priority -100; policy accept;
    dnat ip to ip daddr map @public
  }
  chain leaving {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "eth0" ip saddr 172.31.0.0/16 masquerade
  }
  chain gate {
    ct state established,related accept
    ip daddr vmap @groups
  }
  chain forwarded {
    type filter hook forward priority filter; policy accept;
    jump gate
  }
  chain local {
    type filter hook output priority filter; policy accept;
    jump gate
  }
}
`;
