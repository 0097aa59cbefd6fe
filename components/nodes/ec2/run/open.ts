import type { OpenNodes } from "../../kind";
import type { Access, Node, RunNode } from "../../node";
import { Ec2Access } from "./access";
import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";
import { Launched } from "./ephemeral/launched";
import { EphemeralNode } from "./ephemeral/ephemeralNode";
import { Instances } from "./instances";
import { restartSilent } from "./kept/restart";
import type { AwsSettings } from "../awsSettings";
import { letInWhileSilent } from "./silence";
import { ec2RunNode } from "./kept/keptNode";
import { isEc2Platform, isEmulated } from "../platforms";

export interface Ec2Session {
  nodes: RunNode[];
  access: Access;
}

/** The nodes of a builder that are on EC2, in their order. */
export function openEc2(nodes: readonly Node[], connection: Ec2Connection, aws: AwsSettings): OpenNodes {
  const session = ec2Session(connection, aws);
  const opened = nodes.flatMap(({ name, platform, additionalPlatforms }) => {
    const found = session.nodes.find((each) => each.name === name);
    const emulatedPlatforms = additionalPlatforms?.filter(
      (each) => isEc2Platform(platform) && isEmulated(platform, each),
    );
    return found ? [Object.assign(found, { additionalPlatforms, emulatedPlatforms })] : [];
  });
  return { nodes: opened, access: session.access };
}

/** The nodes of a builder on EC2, and the way to them, for those who build on them. Calls nobody before it is used. */
export function ec2Session(connection: Ec2Connection, aws: AwsSettings): Ec2Session {
  return sessionWith(connection, clientsOnce(connection, aws));
}

export function sessionWith(connection: Ec2Connection, clients: () => Promise<AwsClients>): Ec2Session {
  const launched = connection.ephemeralNodes.length > 0 ? new Launched(clients) : undefined;
  const access = new Ec2Access(connection, clients, launched);
  const letIn = () => access.letIn();
  if (launched) {
    const nodes = connection.ephemeralNodes.map(
      (node) => new EphemeralNode(connection, node, launched, letIn, clients),
    );
    return { nodes, access };
  }
  const instances = new Instances(connection, clients);
  const isOwnClaim = (claim: string) => access.isOwn(claim);
  const nodes = connection.nodes.map((node): RunNode => {
    const stoppable = { connection, node, instances, clients, isOwnClaim };
    const runNode = ec2RunNode(stoppable);
    const wake = letInWhileSilent((progress) => runNode.wake(progress), letIn);
    return { ...runNode, wake, replace: restartSilent(stoppable, letIn) };
  });
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
  // An update without a build must not pay for the SDK; and import() of it takes twice as long as require.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { openClients } = require("./clients") as typeof import("./clients");
  return openClients(connection, aws);
}
