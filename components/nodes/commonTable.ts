import type { ArgumentsOf } from "../arguments/table";
import type { CommonNodeArgs } from "./commonArguments";

/** The arguments of nodes of every kind. */
export const commonArguments = {
  additionalPlatforms: "plain list",
  kind: "plain text",
  name: "plain text",
  platform: "plain text",
} as const satisfies ArgumentsOf<CommonNodeArgs & { kind: string }>;
