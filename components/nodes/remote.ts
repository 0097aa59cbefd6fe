import { clientCertificateProblem } from "../build/certificates";
import { type Endpoint, formatEndpoint, parseEndpoint, type TlsMaterial } from "../build/endpoint";
import type { RunNode } from "../build/node";
import { BuildError } from "../errors";
import type { Platform } from "../platforms";

/** A remote node's arguments, resolved. */
export interface RemoteNode {
  name: string;
  platform: Platform;
  endpoint: string;
  tls?: TlsMaterial;
}

/** A daemon that runs already: there is nothing to wake, only to reach. */
export function remoteRunNode({ name, platform, endpoint: text, tls }: RemoteNode): RunNode {
  const endpoint = parseEndpoint(text, tls);
  if ("problem" in endpoint) {
    throw new BuildError(`node ${name}: \`endpoint\` is ${JSON.stringify(text)}: ${endpoint.problem}`);
  }
  const address = formatEndpoint(endpoint);
  return {
    name,
    platform,
    address,
    wake: () => Promise.resolve(checked(name, address, endpoint)),
  };
}

function checked(name: string, address: string, endpoint: Endpoint): Endpoint {
  const problem =
    endpoint.kind === "tcp" && endpoint.tls ? clientCertificateProblem(endpoint.tls, new Date()) : undefined;
  if (problem) {
    throw new BuildError(`node ${name} (${address}): ${problem}`);
  }
  return endpoint;
}
