import type { Instance } from "@aws-sdk/client-ec2";

import type { Endpoint } from "../../../transport/endpoint";
import type { Ec2Connection, NodeAddressing } from "../connection";
import { buildkitPort, nodeServerName } from "../../daemonAddress";

export type TcpEndpoint = Extract<Endpoint, { kind: "tcp" }>;

/** Where an instance's daemon is reached, if it has such an address now. */
export function endpointOf(
  instance: Instance,
  { addressing, tls, builderName }: Pick<Ec2Connection, "addressing" | "tls" | "builderName">,
): TcpEndpoint | undefined {
  const host = addressOf(instance, addressing);
  const ownTls = { ...tls, serverName: tls.serverName ?? nodeServerName };
  return host ? { kind: "tcp", host, port: buildkitPort, tls: ownTls, builderName } : undefined;
}

function addressOf(instance: Instance, addressing: NodeAddressing): string | undefined {
  switch (addressing) {
    case "public":
      return instance.PublicIpAddress || undefined;
    case "private":
      return instance.PrivateIpAddress || undefined;
    case "ipv6":
      return (
        instance.Ipv6Address || instance.NetworkInterfaces?.flatMap((each) => each.Ipv6Addresses ?? [])[0]?.Ipv6Address
      );
    default:
      return addressing satisfies never;
  }
}
