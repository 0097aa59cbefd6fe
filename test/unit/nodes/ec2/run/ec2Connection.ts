import type { Ec2Connection, Ec2EphemeralNode } from "../../../../../components/nodes/ec2/connection";
import { createAuthority } from "../../../../hosts";

/** A connection whose way in is a rule for this address of the caller. */
export type CallersConnection = Ec2Connection & { ingress: { from: "caller"; address: string } };

/** To a builder without nodes. */
export function ec2Connection(tls: Ec2Connection["tls"], address = "203.0.113.7"): CallersConnection {
  return {
    builderName: "farm-1a2b3c4d",
    accountId: "123456789012",
    region: "us-east-1",
    vpcCidr: "10.0.0.0/16",
    securityGroupId: "sg-0",
    ingress: { from: "caller", address },
    addressing: "public",
    wakeTimeoutSeconds: 180,
    tls,
    nodes: [],
    ephemeralNodes: [],
  };
}

export const ephemeralNode: Ec2EphemeralNode = {
  name: "arm64",
  platform: "linux/arm64",
  launchTemplateId: "lt-0",
  launchTemplateVersion: "1",
  instanceTypes: ["c8g.xlarge"],
  subnets: [],
  capacityType: "spot",
  cacheVolume: { id: "vol-0", zone: "us-east-1a" },
};

/** What a caller shows to a node, and knows it by. */
export async function callersTls(): Promise<Ec2Connection["tls"]> {
  const authority = await createAuthority();
  const client = await authority.issueClient();
  return { ca: authority.certificate, cert: client.certificate, key: client.key };
}
