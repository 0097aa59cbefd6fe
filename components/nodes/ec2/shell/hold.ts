import type { Progress } from "../../../support/progress";
import { onInterruption } from "../../../support/interruption";
import { type Endpoint, formatEndpoint } from "../../../transport/endpoint";
import { nodeServerName } from "../../daemonAddress";
import type { Node } from "../../node";
import { ownHolder } from "../../ownFiles";
import type { Held } from "../../shell";
import type { Ec2Connection } from "../connection";
import { Instances } from "../run/instances";
import { ec2RunNode } from "../run/kept/keptNode";
import type { Account } from "./account";
import { Claim } from "./claim";

/** Nodes that stay awake, and let this machine in. Whoever interrupts the command wants neither. */
export async function holdNodes<T>(
  account: Account,
  connection: Ec2Connection,
  chosen: readonly Node[],
  minutes: number,
  progress: Progress,
  use: (held: Held) => Promise<T>,
): Promise<T> {
  const instances = new Instances(connection, () => Promise.resolve(account));
  const claim = new Claim(account, connection, ownHolder());
  const clients = () => Promise.resolve(account);
  const isOwnClaim = (name: string) => claim.isOwn(name);
  const wanted = chosen.flatMap(({ name }) => connection.nodes.find((node) => node.name === name) ?? []);
  const nodes = wanted.map((node) => ec2RunNode({ connection, node, instances, clients, isOwnClaim }));
  // Addresses of now, with the client's certificate.
  const tls = { serverName: nodeServerName, ...connection.tls };
  const reach = (endpoints: readonly Endpoint[]) =>
    Promise.resolve(endpoints.map((endpoint) => ({ endpoint: formatEndpoint(endpoint), tls })));
  const ignoreInterruption = onInterruption(() => claim.undo());
  const until = await claim.take(minutes, progress);
  try {
    return await use({ until, nodes, reach, giveUpOlder: () => claim.removeOlderRules() });
  } catch (error) {
    await claim.undo();
    throw error;
  } finally {
    ignoreInterruption();
  }
}
