import { checkArguments } from "../arguments/checkArguments";
import { otherBuilderNames } from "../arguments/otherNames";
import type { KindName, NodeArgs } from "../nodes/arguments";
import { kindNames, namesOf, nodeKinds } from "../nodes/kinds";
import { checkLifecycle, lifeOf } from "../nodes/lifecycle";
import type { BuilderArgs } from "./builderArguments";
import { builderArguments } from "./builderTable";
import { checkNodes } from "./checkNodes";
import type { NormalBuilder } from "./normalBuilder";

export const defaultNodes: readonly NodeArgs[] = [
  { kind: "ec2", platform: "linux/arm64" },
  { kind: "ec2", platform: "linux/amd64" },
];

/**
 * The arguments with every default filled in.
 * @throws BuildError that names the argument.
 */
export function normaliseBuilder(name: string, args: BuilderArgs): NormalBuilder {
  const owner = `Builder ${name}`;
  checkArguments({ owner, otherNames: otherBuilderNames }, args, builderArguments);
  checkLifecycle(owner, args);
  const nodes = checkNodes(owner, args.nodes ?? defaultNodes);
  const ofKind = (kind: KindName) => nodes.filter((node) => node.kind === kind);
  const used = kindNames()
    .filter((kind) => ofKind(kind).length > 0)
    .map((kind) => nodeKinds[kind]);
  const life = lifeOf(owner, args, used, (lifecycle) => namesOf((kind) => kind.lifecycles.includes(lifecycle), "and"));
  const settings: Partial<Record<KindName, unknown>> = { ...args };
  const plans = kindNames()
    .filter((kind) => ofKind(kind).length > 0 || settings[kind])
    .map((kind) => [kind, nodeKinds[kind].plan(owner, ofKind(kind), settings[kind], life)] as const);
  return { nodes, life, plans: Object.fromEntries(plans) };
}
