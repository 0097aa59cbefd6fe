import { BuildError } from "./errors";
import { shortHash } from "./paths";

/** Names that become parts of paths here: of sockets, of files of buildx's store, of folders of keys. */

/** A node's, as buildx takes it: https://github.com/docker/buildx/blob/v0.35.0/store/util.go */
export const nodeNamePattern = /^[a-z][a-z0-9._-]*$/;

/** A builder's, as the library makes it: what the component is called, and a hash of its position in the program. */
const builderNamePattern = /^[a-z][a-z0-9._-]*-[0-9a-f]{8}$/;

export function isNodeName(value: unknown): value is string {
  return typeof value === "string" && nodeNamePattern.test(value);
}

export function isBuilderName(value: unknown): value is string {
  return typeof value === "string" && builderNamePattern.test(value);
}

/** A builder's. Unique where URNs are: two builders of one name would write the same registration, each its own nodes. */
export function builderNameOf(name: string, organization: string, urn: string): string {
  const words = name.toLowerCase().replace(/[^a-z0-9._-]+/g, "-");
  const begun = /^[a-z]/.test(words) ? words : `b${words}`;
  return `${begun}-${shortHash(`${organization} ${urn}`)}`;
}

/** The one known builder that a name means. */
export function matchBuilder(
  name: string,
  known: readonly string[],
  where: string,
  options = "--region and --profile",
): string {
  const matching = known.filter((each) => each === name || (each.startsWith(`${name}-`) && suffixOf(each, name)));
  const exact = matching.find((each) => each === name);
  if (exact !== undefined || matching.length === 1) {
    return exact ?? matching[0];
  }
  if (matching.length > 1) {
    throw new BuildError(
      `${name} means more than one builder of ${where}: ${matching.join(", ")}. Fix: name one of them.`,
    );
  }
  const candidates = known.length > 0 ? `these are there: ${known.join(", ")}` : "none is there";
  throw new BuildError(
    `there is no builder ${name} in ${where}; ${candidates}. Fix: name one of them, or check ${options}.`,
  );
}

function suffixOf(registered: string, name: string): boolean {
  return /^[0-9a-f]{8}$/.test(registered.slice(name.length + 1));
}
