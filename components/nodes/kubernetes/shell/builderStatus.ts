import { formatTable, formatTime } from "../../../support/tables";
import type { Platform } from "../../../support/platforms";
import { askDaemons, type DaemonState } from "../../../transport/daemons";
import type { Endpoint } from "../../../transport/endpoint";
import { type Holder, holdersIn } from "../../../transport/holders";
import type { SeenNode } from "../run/node";
import type { FoundBuilder } from "./find";
import { holdFolder } from "./hold";
import { inWords, type Place } from "./place";

export interface PodStatus {
  name: string;
  platform: Platform;
  /** Of its Job and all else. */
  object: string;
  /** `none`, `starting`, `ready`, `ending`, `ended` or `refused`. */
  state: string;
  /** Why, where there is more to say than the state. */
  reason?: string;
  pod?: string;
  /** The Node of Kubernetes that it runs on. */
  machine?: string;
  since?: string;
  buildkitVersion?: string;
  activeBuilds?: number;
}

/** A builder as `status --json` shows it. */
export interface KubernetesBuilderStatus {
  builderName: string;
  namespace: string;
  server: string;
  nodes: PodStatus[];
  /** By `wake` on this machine. Others' can't be seen. */
  heldUntil?: string;
}

/** What the cluster says of a node, and what its daemon does: nothing where that does not answer. */
interface AskedNode {
  name: string;
  seen: SeenNode;
  daemon: DaemonState | undefined;
}

/** All of a builder's nodes, in their order. Changes nothing. */
export async function askNodes(place: Place, builder: FoundBuilder): Promise<AskedNode[]> {
  const seen = await inWords(place, Promise.all(builder.nodes.map((node) => node.see())));
  const endpoints = builder.nodes.flatMap(({ name }, at): [string, Endpoint][] => {
    const { endpoint } = seen[at];
    return endpoint ? [[name, endpoint]] : [];
  });
  const daemons = await askDaemons(new Map(endpoints));
  return builder.nodes.map(({ name }, at) => ({ name, seen: seen[at], daemon: daemons.get(name) }));
}

/** All that can be seen of a builder from here, without a change to anything. */
export async function readStatus(place: Place, builder: FoundBuilder): Promise<KubernetesBuilderStatus> {
  const asked = await askNodes(place, builder);
  const holders = await holdersIn(holdFolder(builder));
  return {
    builderName: builder.builderName,
    namespace: place.namespace,
    server: place.cluster.server,
    nodes: builder.declared.map(({ name, platform, objectName }, at) => {
      const { seen, daemon } = asked[at];
      const { version: buildkitVersion, activeBuilds } = daemon ?? {};
      return { name, platform, object: objectName, ...describePod(seen), buildkitVersion, activeBuilds };
    }),
    heldUntil: latest(holders),
  };
}

/** What the cluster says of a node. */
export function describePod({ state, pod, job }: SeenNode): Omit<PodStatus, "name" | "platform" | "object"> {
  if (state.kind === "absent") {
    return { state: "none" };
  }
  const since = pod?.status?.startTime ?? job?.metadata?.creationTimestamp;
  return {
    state: state.kind,
    ...("words" in state && state.words !== "" && { reason: state.words }),
    pod: pod?.metadata?.name,
    machine: pod?.spec?.nodeName,
    since: since && formatTime(new Date(since)),
  };
}

/** One builder, with all that is known of it. */
export function formatStatus({ builderName, namespace, server, nodes, heldUntil }: KubernetesBuilderStatus): string {
  const header = ["NODE", "PLATFORM", "POD", "STATE", "SINCE", "MACHINE", "BUILDKIT", "BUILDS"];
  const rows = nodes.map(({ name, platform, pod, state, since, machine, buildkitVersion, activeBuilds }) => [
    ...[name, platform, pod, state, since, machine],
    buildkitVersion ?? (state === "ready" ? "does not answer" : undefined),
    activeBuilds?.toString(),
  ]);
  const reasons = nodes.flatMap(({ name, reason }) => (reason ? [`${name}: ${reason}\n`] : []));
  const held = heldUntil ? `This machine holds the nodes until ${heldUntil}.\n` : "This machine holds no node.\n";
  const title = `builder ${builderName}, namespace ${namespace} of the cluster at ${server}\n`;
  return [title, formatTable(header, rows), ...(reasons.length > 0 ? [reasons.join("")] : []), held].join("\n");
}

function latest(holders: readonly Holder[]): string | undefined {
  const times = holders.map(({ until }) => until.getTime());
  return times.length > 0 ? formatTime(new Date(Math.max(...times))) : undefined;
}
