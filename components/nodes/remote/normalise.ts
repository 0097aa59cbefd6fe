import { parseEndpoint } from "../../transport/endpoint";
import { argumentError } from "../../support/errors";
import { parsePulled } from "../../registry/reference";
import type { RemoteDriver } from "../arguments";

export const containerDriver: RemoteDriver = "docker-container";

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
