import * as pulumi from "@pulumi/pulumi";

import { EngineSession } from "./build/engineSession";
import type { Access, RunNode } from "./build/node";
import { RelaySession } from "./build/relaySession";
import type { BuildSession } from "./build/session";
import { BuildError } from "./errors";
import { findBuildkitd } from "./local/daemon";
import { findEngine } from "./local/engine";
import type { RemoteNodeArgs } from "./nodes/arguments";
import { localRunNode } from "./nodes/local";
import { remoteRunNode } from "./nodes/remote";
import { resolved } from "./resolved";
import type { NamedNode } from "./validate";

/** The nodes that need no resources: all but those of EC2. */
export async function resolveNodes(nodes: readonly NamedNode[], idleTimeoutMinutes: number | null): Promise<RunNode[]> {
  const made = await Promise.all(nodes.map((node) => resolveNode(node, idleTimeoutMinutes)));
  return made.filter((node) => node !== undefined);
}

async function resolveNode(node: NamedNode, idleTimeoutMinutes: number | null): Promise<RunNode | undefined> {
  switch (node.kind) {
    case "ec2":
      return undefined;
    case "local":
      return localRunNode({ ...node, idleTimeoutMinutes });
    case "remote":
      return remoteRunNode(await resolved(pulumi.output(plainRemote(node))));
    default:
      return node satisfies never;
  }
}

/** Through a Docker engine where all nodes are `local` and this machine can't run them itself; else through a relay. */
export async function startSession(
  builderName: string,
  declared: readonly NamedNode[],
  nodes: readonly RunNode[],
  wakeTimeoutSeconds: number,
  access: Access | undefined,
): Promise<BuildSession> {
  if (process.platform === "win32") {
    throw new BuildError("Windows is not supported: run `pulumi up` in WSL, on Linux or on macOS");
  }
  const buildkitd = findBuildkitd();
  if ("problem" in buildkitd && declared.every(({ kind }) => kind === "local")) {
    const engine = await findEngine();
    if (!("tried" in engine)) {
      return new EngineSession({ builderName, nodes, engine, reason: buildkitd.problem });
    }
  }
  return new RelaySession({ builderName, nodes, wakeTimeoutSeconds, access });
}

function plainRemote({ name, platform, endpoint, tls }: RemoteNodeArgs & { name: string }) {
  return {
    name,
    platform,
    endpoint,
    tls: tls && { ca: tls.ca, cert: tls.cert, key: tls.key, serverName: tls.serverName },
  };
}
