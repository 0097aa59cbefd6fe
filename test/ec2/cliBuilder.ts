import { setTimeout as sleep } from "node:timers/promises";

import type { EC2, Tag } from "@aws-sdk/client-ec2";
import type { SSM } from "@aws-sdk/client-ssm";

import { type Ec2Connection, parameterNames, tagNames } from "../../components/nodes/ec2/connection";
import type { Cloud } from "../cloud/cloud";
import { execute, type NamespaceNode, serverName } from "../hosts";
import { waitFor } from "../main/stack";

/** A builder of one stopped instance, as an update leaves it. Its daemon is the node's. */
export async function makeBuilder(
  cloud: Cloud,
  ec2: EC2,
  ssm: SSM,
  { ca, clientCertificate, clientKey }: NamespaceNode,
  builderName: string,
): Promise<Ec2Connection> {
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: "builder", Description: "of a builder" });
  const securityGroupId = GroupId!;
  const tags: Record<string, string> = {
    [tagNames.builder]: builderName,
    [tagNames.node]: "amd64",
    [tagNames.platform]: "linux/amd64",
  };
  const { Instances } = await ec2.runInstances({
    ImageId: cloud.images.find(({ architecture }) => architecture === "x86_64")!.id,
    InstanceType: "c7a.xlarge",
    SecurityGroupIds: [securityGroupId],
    TagSpecifications: [
      { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]): Tag => ({ Key, Value })) },
    ],
    MinCount: 1,
    MaxCount: 1,
  });
  const instanceId = Instances![0].InstanceId!;
  const connection: Ec2Connection = {
    builderName,
    accountId: "123456789012",
    region: cloud.client.region,
    vpcCidr: "10.0.0.0/16",
    securityGroupId,
    ingress: { from: "caller", address: cloud.vpc.callerAddress },
    addressing: "public",
    wakeTimeoutSeconds: 60,
    tls: { ca, cert: clientCertificate, key: clientKey, serverName },
    nodes: [{ name: "amd64", platform: "linux/amd64", instanceId }],
    ephemeralNodes: [],
  };
  const Name = parameterNames.connection(builderName);
  await ssm.putParameter({ Name, Type: "SecureString", Value: JSON.stringify(connection) });
  await ssm.putParameter({ Name: parameterNames.lease(builderName), Type: "String", Value: "{}" });
  const is = (state: string) => async () => (await cloud.instances())[0].state === state;
  await waitFor("the instance", is("running"), 30);
  await ec2.stopInstances({ InstanceIds: [instanceId] });
  await waitFor("its end", is("stopped"), 30);
  return connection;
}

/** Each public address that the instance gets leads to the harness's node, until that is over. */
export async function leadAddresses(cloud: Cloud, { endpoint }: NamespaceNode, isOver: () => boolean): Promise<void> {
  const led = new Set<string>();
  const node = endpoint.replace(/^tcp:\/\/|:\d+$/g, "");
  while (!isOver()) {
    const [{ publicAddress }] = await cloud.instances();
    if (publicAddress && !led.has(publicAddress)) {
      led.add(publicAddress);
      await execute(cloud.enter(["nft", "add", "element", "inet", "vpc", "public", `{ ${publicAddress} : ${node} }`]));
    }
    await sleep(300);
  }
}
