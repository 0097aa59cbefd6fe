import * as fs from "node:fs";

import type { NodeArgs } from "pulumi-multi-platform-image";

/** What the machine that deploys knows, by its environment and a file: in CI, variables and a secret. */
export interface Machine {
  registry: string;
  username: string;
  token: string;
  nodes: NodeArgs[];
}

export function readMachine({ REGISTRY, REGISTRY_USER, REGISTRY_TOKEN, NODES }: NodeJS.ProcessEnv): Machine {
  if (!REGISTRY_USER || !REGISTRY_TOKEN) {
    throw new Error("REGISTRY_USER and REGISTRY_TOKEN are to be set: who pushes the images, and a token for that");
  }
  return {
    registry: REGISTRY ?? "ghcr.io",
    username: REGISTRY_USER,
    token: REGISTRY_TOKEN,
    nodes: JSON.parse(fs.readFileSync(NODES ?? "nodes.json", "utf8")) as NodeArgs[],
  };
}
