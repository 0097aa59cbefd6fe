import * as pulumi from "@pulumi/pulumi";

import { argumentError } from "../../support/errors";
import type { MultiPlatformImageArgs } from "./imageArguments";
import { checkArguments, isDeferred, refuseOutput } from "../../arguments/checkArguments";
import { contextArguments, dockerfileArguments, imageArguments } from "./imageTable";
import { otherImageNames } from "../../arguments/otherNames";

/** Refuses arguments of an image that are none, at each level. */
export function checkImageArguments(owner: string, args: MultiPlatformImageArgs): void {
  checkArguments({ owner, otherNames: otherImageNames }, args, imageArguments);
  const { context, dockerfile } = args as { context?: unknown; dockerfile?: unknown };
  for (const [path, value, table] of [
    ["context", context, contextArguments],
    ["dockerfile", dockerfile, dockerfileArguments],
  ] as const) {
    if (isKnownObject(value)) {
      checkArguments({ owner, path }, value, table);
    }
  }
  if (typeof dockerfile === "string" && dockerfile.includes("\n")) {
    throw argumentError(owner, "dockerfile", dockerfile, "a text is a path; write `dockerfile: { inline: … }`");
  }
  checkGivenBuilder(owner, args.builder);
}

/** `builder` in its three forms. Those of a builder that an image has for itself are checked with it. */
function checkGivenBuilder(owner: string, builder: unknown): void {
  refuseOutput(owner, "builder", builder, "a Builder, the arguments of one, or { name }");
  if (typeof builder === "string") {
    const name = JSON.stringify(builder);
    throw argumentError(owner, "builder", builder, `write { name: ${name} } for a builder that buildx knows`);
  }
  if (isKnownObject(builder) && "name" in builder && !pulumi.Resource.isInstance(builder)) {
    checkArguments({ owner, path: "builder" }, builder, { name: "text" });
  }
}

function isKnownObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !isDeferred(value);
}

/** docker-build's form of a context or a Dockerfile that is given as its path alone. */
export function asLocation<T extends object>(
  given: pulumi.Input<string> | pulumi.Input<T | undefined> | undefined,
): pulumi.Input<T | { location: string } | undefined> | undefined {
  const whole = (known: string | T | undefined) => (typeof known === "string" ? { location: known } : known);
  return isDeferred(given)
    ? pulumi.output(given as pulumi.Output<string | T | undefined>).apply((known) => whole(known as string | T))
    : whole(given as string | T | undefined);
}
