import type { Ec2Connection } from "../../../../../components/nodes/ec2/connection";

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
