import type { KindName, NodeArgs } from "./arguments";
import { ec2 } from "./ec2/kind";
import type { NodeKind } from "./kind";
import { kubernetes } from "./kubernetes/kind";
import { local } from "./local/kind";
import { remote } from "./remote/kind";

/** Every kind of node. The one file that knows them all by name: without a row for a member of the union it fails to compile. */
const table = { ec2, kubernetes, local, remote } satisfies {
  [K in KindName]: Pick<NodeKind<Extract<NodeArgs, { kind: K }>>, "arguments">;
};

export const nodeKinds: Readonly<Record<KindName, NodeKind>> = table;

export function kindNames(): KindName[] {
  return (Object.keys(nodeKinds) as KindName[]).sort();
}

/** Kinds by their names, as a sentence has them: `"ec2" and "remote"`. */
export function namesOf(isMeant: (kind: NodeKind) => boolean, conjunction: "and" | "or"): string {
  const names = kindNames()
    .filter((name) => isMeant(nodeKinds[name]))
    .map((name) => `"${name}"`);
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(` ${conjunction} `);
}

/** Nodes by their kinds, those of one kind in their order. */
export function byKind<T extends { kind: KindName }>(nodes: readonly T[]): [KindName, T[]][] {
  const kinds = kindNames().filter((name) => nodes.some(({ kind }) => kind === name));
  return kinds.map((name) => [name, nodes.filter(({ kind }) => kind === name)]);
}

/** Whether every node's BuildKit runs on the machine that runs Pulumi. */
export function areOnThisMachine(nodes: readonly { kind: KindName }[]): boolean {
  return nodes.every(({ kind }) => nodeKinds[kind].isOnThisMachine);
}
