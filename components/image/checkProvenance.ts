import type { MultiPlatformImageArgs } from "./arguments/imageArguments";
import { argumentError } from "../support/errors";
import type { ProvenanceMode } from "../provenance/statement";

const modes: readonly unknown[] = ["min", "max"];

/** Refuses provenance where BuildKit's record of the build can't be read, or is of other content than what is pushed. */
export function checkProvenance(
  owner: string,
  {
    provenance,
    push,
    exec,
    builder,
  }: Pick<MultiPlatformImageArgs, "push" | "exec" | "builder"> & { provenance?: ProvenanceMode },
): void {
  const refuse = (remedy: string) => argumentError(owner, "provenance", provenance, remedy);
  if (provenance === undefined) {
    return;
  }
  if (!modes.includes(provenance)) {
    throw refuse('it is "min" or "max"; write false, or leave it out, for none');
  }
  if (push === false) {
    throw refuse("it is attached to a pushed image; leave it out, or `push: false`");
  }
  if (exec) {
    throw refuse(
      "docker-buildx of this machine builds with `exec: true`, and attests by itself; leave one of them out",
    );
  }
  if (builder && "name" in builder) {
    throw refuse("the nodes of `builder: { name }` can't be asked for their records; leave it out, or take a Builder");
  }
}
