import type { BuilderArgs } from "./builderArguments";
import type { ArgumentsOf } from "../arguments/table";

/** The arguments of `Builder`. */
export const builderArguments: ArgumentsOf<BuilderArgs> = {
  ec2: {
    addressing: "plain text",
    backstop: "plain flag",
    buildkit: { archives: "any", version: "plain text" },
    ingress: { address: "text", cidrs: "plain list", from: "plain text" },
    insecureRegistries: "plain list",
    registryMirrors: "plain record",
    tags: "plain record",
  },
  idleTimeoutMinutes: "plain number",
  lifecycle: "plain text",
  maxLifetimeMinutes: "plain number",
  nodes: "plain list",
  wakeTimeoutSeconds: "plain number",
};
