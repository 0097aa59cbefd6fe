import type { ComponentResource } from "@pulumi/pulumi";

import { EngineSession } from "../session/engineSession";
import type { RunNode } from "../nodes/node";
import { RelaySession } from "../session/relaySession";
import type { BuildSession } from "../session/session";
import { shareNode } from "../session/sharedNode";
import type { ReachableBuilder, ReachableNode } from "./builderConnection";
import type { KindName } from "../nodes/arguments";
import type { OpenNodes } from "../nodes/kind";
import { byKind, nodeKinds } from "../nodes/kinds";
import { BuildError } from "../support/errors";
import { nodeSetName, nodeSetsOf } from "../nodes/nodeSets";

/**
 * The builder's node sets at run time: through a Docker engine where all nodes are containers of it, else each through a relay
 * of its own.
 */
export async function startSessions(
  builder: ReachableBuilder,
  component: ComponentResource,
  engineAddress?: string,
): Promise<BuildSession[]> {
  if (process.platform === "win32") {
    throw new BuildError("Windows is not supported: run `pulumi up` in WSL, on Linux or on macOS");
  }
  const { builderName, wakeTimeoutSeconds } = builder;
  const opened = await openNodes(builder, component);
  const nodes = inOrder(builder.nodes, opened);
  const [container] = opened.flatMap(({ engine }) => engine ?? []);
  if (container) {
    return [new EngineSession({ builderName, nodes, ...container })];
  }
  return shareNodes(nodeSetsOf(nodes)).map(
    (nodeSet, at) =>
      new RelaySession({
        builderName: nodeSetName(builderName, at),
        nodes: nodeSet,
        wakeTimeoutSeconds,
        engineAddress,
      }),
  );
}

async function openNodes(builder: ReachableBuilder, component: ComponentResource): Promise<OpenNodes[]> {
  const connections: Partial<Record<KindName, unknown>> = { ...builder };
  const kinds = byKind(builder.nodes);
  return Promise.all(
    kinds.map(([kind, nodes]) =>
      nodeKinds[kind].open(nodes, { connection: connections[kind], component, hasOthers: kinds.length > 1 }),
    ),
  );
}

/** The nodes of all kinds as the builder has them, each with what is held while it is used. */
function inOrder(wanted: readonly ReachableNode[], opened: readonly OpenNodes[]): RunNode[] {
  const all = opened.flatMap(({ nodes, access }) => nodes.map((node) => Object.assign(node, { access })));
  return wanted.flatMap(({ name }) => all.find((node) => node.name === name) ?? []);
}

/** A node that is in several node sets is woken and replaced for all of them at once. */
function shareNodes(nodeSets: readonly RunNode[][]): RunNode[][] {
  const views = new Map<RunNode, RunNode[]>();
  for (const node of new Set(nodeSets.flat())) {
    const count = nodeSets.filter((nodeSet) => nodeSet.includes(node)).length;
    views.set(node, count > 1 ? shareNode(node, count) : [node]);
  }
  return nodeSets.map((nodeSet) => nodeSet.map((node) => views.get(node)?.shift() ?? node));
}
