import { parseEndpoint } from "../../transport/endpoint";
import { argumentError } from "../../support/errors";
import { parsePulled } from "../../registry/reference";
import type { Node } from "../node";
import type { RemoteDriver, RemoteNodeArgs } from "./arguments";

export const containerDriver: RemoteDriver = "docker-container";

type NamedRemote = RemoteNodeArgs & Node;

/** @throws BuildError that names the argument. */
export function checkRemote(owner: string, path: string, node: NamedRemote, others: readonly NamedRemote[]): void {
  const { endpoint, tls } = node;
  if (typeof endpoint === "string") {
    const parsed = parseEndpoint(endpoint);
    if ("problem" in parsed) {
      throw argumentError(owner, `${path}.endpoint`, endpoint, parsed.problem);
    }
    if (tls && parsed.kind !== "tcp") {
      throw argumentError(owner, `${path}.tls`, "set", `${parsed.kind}:// carries no TLS; leave it out`);
    }
  }
  checkDriver(owner, `${path}.`, node);
  const same = others.find((other) => other.endpoint === endpoint);
  if (same) {
    const remedy = `node ${same.name} has the same one; a machine is one node, and buildx refuses it twice`;
    throw argumentError(owner, `${path}.endpoint`, endpoint, remedy);
  }
}

/** Whether what another stack says of a node is enough to reach it, and no more than it may say. */
export function isReachable({ endpoint, driver, image }: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof endpoint === "string" &&
    !("problem" in parseEndpoint(endpoint)) &&
    (driver === undefined || driver === containerDriver) &&
    // A word of a command line on the endpoint's host.
    (image === undefined || (typeof image === "string" && parsePulled(image) !== undefined))
  );
}

/**
 * `driver` and `image` of a remote node, as far as they are known.
 * @param prefix what stands before their names in a message.
 * @throws BuildError that names the argument.
 */
export function checkDriver(
  owner: string,
  prefix: string,
  { driver, image, endpoint }: { driver?: unknown; image?: unknown; endpoint: unknown },
): void {
  if (driver === undefined) {
    if (image !== undefined) {
      const remedy = `it is of the container that \`driver: "${containerDriver}"\` makes; set that, or leave it out`;
      throw argumentError(owner, `${prefix}image`, typeof image === "string" ? image : "set", remedy);
    }
    return;
  }
  if (driver !== containerDriver) {
    const remedy = `"${containerDriver}" is allowed; leave it out where BuildKit itself answers at \`endpoint\``;
    throw argumentError(owner, `${prefix}driver`, driver, remedy);
  }
  const parsed = typeof endpoint === "string" ? parseEndpoint(endpoint) : undefined;
  if (parsed && !("problem" in parsed) && (parsed.kind !== "ssh" || parsed.socketPath)) {
    const remedy = `it needs ssh://USER@HOST[:PORT] without a path as \`endpoint\`, which is ${JSON.stringify(endpoint)}; leave one of them out, or correct it`;
    throw argumentError(owner, `${prefix}driver`, driver, remedy);
  }
  if (typeof image === "string" && !parsePulled(image)) {
    const remedy = "write [REGISTRY/]REPOSITORY[:TAG][@DIGEST], for instance moby/buildkit:v0.33.1";
    throw argumentError(owner, `${prefix}image`, image, remedy);
  }
}
