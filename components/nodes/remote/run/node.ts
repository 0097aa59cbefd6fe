import { containerImage } from "../../../buildkit/containerImage";
import { clientCertificateProblem } from "../../../transport/clientCertificate";
import { dockerHostRunNode } from "./dockerHost";
import { type Endpoint, formatEndpoint, parseEndpoint, type TlsMaterial } from "../../../transport/endpoint";
import type { RunNode } from "../../node";
import { BuildError } from "../../../support/errors";
import type { Platform } from "../../../support/platforms";
import type { RemoteDriver } from "../../arguments";
import { checkDriver } from "../normalise";

/** A remote node's arguments, resolved. */
export interface RemoteNode {
  name: string;
  platform: Platform;
  endpoint: string;
  tls?: TlsMaterial;
  driver?: RemoteDriver;
  image?: string;
}

/** A daemon that runs already: there is nothing to wake, only to reach. Or a Docker host, where a container is started. */
export function remoteRunNode(node: RemoteNode): RunNode {
  const { name, platform, endpoint: text, tls, driver, image = containerImage } = node;
  const endpoint = parseEndpoint(text, tls);
  if ("problem" in endpoint) {
    throw new BuildError(`node ${name}: \`endpoint\` is ${JSON.stringify(text)}: ${endpoint.problem}`);
  }
  checkDriver(`node ${name}`, "", node);
  const address = formatEndpoint(endpoint);
  if (driver && endpoint.kind === "ssh") {
    return dockerHostRunNode({ name, platform, address }, endpoint, image);
  }
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
