import type { Instance } from "@aws-sdk/client-ec2";

import type { Endpoint } from "../../../transport/endpoint";
import { call } from "../run/awsErrors";
import { type Ec2Connection, type Ec2ConnectionNode, tagNames } from "../connection";
import { Instances } from "../run/instances";
import { endpointOf } from "../run/instanceEndpoint";
import { parsePlatform } from "../../../support/platforms";
import type { Account } from "./account";
import { tagOf } from "./findBuilders";

/** A node with what EC2 says of its instance, if it knows one. */
export interface FoundNode extends Ec2ConnectionNode {
  instance?: Instance;
}

/** Whether an update that builds launches the nodes, for itself alone. */
export function isEphemeral({ nodes, ephemeralNodes }: Pick<Ec2Connection, "nodes" | "ephemeralNodes">): boolean {
  return nodes.length === 0 && ephemeralNodes.length > 0;
}

/** A builder's nodes; of ephemeral ones those that are there now. */
export async function findNodes(account: Account, connection: Ec2Connection): Promise<FoundNode[]> {
  return isEphemeral(connection)
    ? findLaunched(account, connection)
    : describeNodes(account, connection, connection.nodes);
}

/** The same nodes as EC2 describes them now. */
export async function describeNodes(
  account: Account,
  { builderName }: Ec2Connection,
  nodes: readonly Ec2ConnectionNode[],
): Promise<FoundNode[]> {
  const instances = new Instances({ nodes: [...nodes] }, () => Promise.resolve(account));
  const action = { action: "ec2:DescribeInstances", resource: `the nodes of ${builderName}` };
  return call({ ...action, identity: account.identity }, () =>
    Promise.all(
      nodes.map(async ({ name, platform, instanceId }) => {
        const instance = await instances.describe(instanceId);
        return { name, platform, instanceId, instance };
      }),
    ),
  );
}

/** Where daemons of running nodes are, by the ids of their instances: ephemeral nodes of several updates share their names. */
export function endpointsOf(connection: Ec2Connection, nodes: readonly FoundNode[]): Map<string, Endpoint> {
  return new Map(
    nodes.flatMap(({ instanceId, instance }): [string, Endpoint][] => {
      const endpoint = instance?.State?.Name === "running" ? endpointOf(instance, connection) : undefined;
      return endpoint ? [[instanceId, endpoint]] : [];
    }),
  );
}

async function findLaunched(account: Account, { builderName }: Ec2Connection): Promise<FoundNode[]> {
  const Filters = [
    { Name: `tag:${tagNames.builder}`, Values: [builderName] },
    { Name: "instance-state-name", Values: ["pending", "running"] },
  ];
  const action = { action: "ec2:DescribeInstances", resource: `the nodes of ${builderName}` };
  const found: FoundNode[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call({ ...action, identity: account.identity }, () =>
      account.ec2.describeInstances({ Filters, NextToken }),
    );
    found.push(...(page.Reservations ?? []).flatMap((each) => (each.Instances ?? []).flatMap(launchedNode)));
    NextToken = page.NextToken;
  } while (NextToken);
  return found.sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
}

function launchedNode(instance: Instance): FoundNode[] {
  const platform = parsePlatform(tagOf(instance, tagNames.platform));
  return platform && instance.InstanceId
    ? [{ name: tagOf(instance, tagNames.node), platform, instanceId: instance.InstanceId, instance }]
    : [];
}

function sortKey({ name, instanceId, instance }: FoundNode): string {
  return `${name} ${instance?.LaunchTime?.toISOString()} ${instanceId}`;
}
