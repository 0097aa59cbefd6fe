import type { Access, RunNode } from "../build/node";
import { Ec2Access } from "./access";
import type { AwsClients } from "./clients";
import type { Ec2Connection } from "./connection";
import { Launched } from "./ephemeral/launched";
import { EphemeralNode } from "./ephemeral/node";
import { Instances } from "./instances";
import { restartSilent } from "./restart";
import type { AwsSettings } from "./settings";
import { ec2RunNode } from "./wake";

/** The nodes of a builder on EC2, and the way to them, for those who build on them. Calls nobody before it is used. */
export function ec2Session(connection: Ec2Connection, aws: AwsSettings): { nodes: RunNode[]; access: Access } {
  const clients = clientsOnce(connection, aws);
  const instances = new Instances(connection, clients);
  if (connection.ephemeralNodes.length > 0) {
    const launched = new Launched(clients);
    return {
      nodes: connection.ephemeralNodes.map((node) => new EphemeralNode(connection, node, launched, clients)),
      access: new Ec2Access(connection, clients, launched),
    };
  }
  const access = new Ec2Access(connection, clients);
  const nodes = connection.nodes.map((node) => ({
    ...ec2RunNode(connection, node, instances, clients),
    replace: restartSilent(connection, node, instances, clients, access.claim),
  }));
  return { nodes, access };
}

/** Clients that are opened when they are first needed; a failure is forgotten, for the next build. */
export function clientsOnce(connection: Ec2Connection, aws: AwsSettings): () => Promise<AwsClients> {
  let clients: Promise<AwsClients> | undefined;
  return () => {
    clients ??= open(connection, aws).catch((error: unknown) => {
      clients = undefined;
      throw error;
    });
    return clients;
  };
}

async function open(connection: Ec2Connection, aws: AwsSettings): Promise<AwsClients> {
  // An `up` without a build must not pay for the SDK; and import() of it takes twice as long as require.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openClients } = require("./clients") as typeof import("./clients");
  return openClients(connection, aws);
}
