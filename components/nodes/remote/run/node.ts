import { containerImage } from "../../../buildkit/containerImage";
import { clientCertificateProblem } from "../../../transport/clientCertificate";
import { dockerHostRunNode } from "./dockerHost";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../../../transport/endpoint";
import type { Node, RunNode } from "../../node";
import { BuildError } from "../../../support/errors";
import type { RemoteFacts } from "../facts";
import { checkDriver } from "../normalise";

/** A daemon that runs already: there is nothing to wake, only to reach. Or a Docker host, where a container is started. */
export function remoteRunNode(node: Node & Omit<RemoteFacts, "kind">): RunNode {
  const { name, platform, additionalPlatforms, endpoint: text, tls, driver, image = containerImage } = node;
  const endpoint = parseEndpoint(text, tls);
  if ("problem" in endpoint) {
    throw new BuildError(`node ${name}: \`endpoint\` is ${JSON.stringify(text)}: ${endpoint.problem}`);
  }
  checkDriver(`node ${name}`, "", node);
  const address = formatEndpoint(endpoint);
  if (driver && endpoint.kind === "ssh") {
    return dockerHostRunNode({ name, platform, additionalPlatforms, address }, endpoint, image);
  }
  return {
    name,
    platform,
    additionalPlatforms,
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
