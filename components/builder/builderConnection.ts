import type { KindName, SharedConnections, SharedFacts } from "../nodes/arguments";
import { kindNames, nodeKinds } from "../nodes/kinds";
import type { Node } from "../nodes/node";
import { BuildError } from "../support/errors";
import { isBuilderName, isNodeName } from "../support/names";
import { isRecord } from "../support/records";
import { isPlatform, isPlatformList, type Platform } from "../support/platforms";

/** A node of a {@link BuilderConnection}. */
export type BuilderConnectionNode = {
  name: string;
  platform: Platform;
  additionalPlatforms?: readonly Platform[];
} & SharedFacts;

/**
 * All that another program needs to build on a builder's nodes, besides AWS credentials for those of kind `ec2`: the output
 * `connection` of one `Builder`, and the argument of `Builder.fromConnection`. JSON; what is in it may change with
 * `version`.
 *
 * It holds the client's private key: whoever has it is root on the nodes, where the network lets them in.
 */
export interface BuilderConnection extends SharedConnections {
  version: 1;
  /** Of the builder whose nodes these are. */
  builderName: string;
  wakeTimeoutSeconds: number;
  /** In the builder's order. */
  nodes: readonly BuilderConnectionNode[];
}

/** A node as hooks get it: beside this, its arguments, resolved, as its kind knows them. */
export type ReachableNode = Node & { kind: KindName };

/** What hooks know of a builder: as its connection, and besides the nodes that are this machine's alone. */
export interface ReachableBuilder
  extends Pick<BuilderConnection, "builderName" | "wakeTimeoutSeconds">, SharedConnections {
  nodes: readonly ReachableNode[];
}

const version = 1;
const howToGet =
  'it is the output `connection` of a Builder, exported by its stack: `new pulumi.StackReference("ORGANIZATION/PROJECT/STACK").requireOutput("connection")`, ' +
  'or `config.requireSecretObject("connection")`';

/**
 * The connection that a value from another stack is. Its messages hold nothing of the value, which may be a key.
 * @throws BuildError that says what it is instead.
 */
export function parseConnection(owner: string, value: unknown, isSecret: boolean): BuilderConnection {
  const refuse = (what: string, fix: string) => new BuildError(`${owner}: \`connection\` ${what}. Fix: ${fix}.`);
  if (value === undefined || value === null) {
    const fix =
      "`pulumi up` of the stack that has the builder, with `export const connection = builder.connection` in its program";
    throw refuse("is not there: its stack exports none, or was destroyed", fix);
  }
  if (!isRecord(value)) {
    throw refuse(`is ${typeof value === "string" ? "a text" : `a ${typeof value}`}`, howToGet);
  }
  if (value.version !== version) {
    const found = typeof value.version === "number" ? `of version ${value.version}` : "without a version";
    throw refuse(`is ${found}, and this release reads ${version}`, `use one release in both stacks; ${howToGet}`);
  }
  const problem = problemOf(value);
  if (problem) {
    throw refuse(problem, howToGet);
  }
  if (!isSecret) {
    throw refuse(
      "is not secret, and holds the private key of a client",
      "keep it as a secret where it comes from, or wrap it in pulumi.secret()",
    );
  }
  return value as unknown as BuilderConnection;
}

function problemOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const { builderName, wakeTimeoutSeconds, nodes } = value;
  if (builderName === undefined || typeof wakeTimeoutSeconds !== "number") {
    return "lacks `builderName` or `wakeTimeoutSeconds`";
  }
  if (!isBuilderName(builderName)) {
    return "has a `builderName` that no builder has";
  }
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) {
    return "has no `nodes`, or one that is none of ours";
  }
  const problems = kindNames().map((kind) => {
    const { sharing } = nodeKinds[kind];
    const names = nodes.filter((node) => node.kind === kind).map(({ name }) => name);
    return typeof sharing === "string" ? undefined : sharing.problemOf?.(value[kind], builderName, names);
  });
  return problems.find((problem) => problem !== undefined);
}

function isNode(value: unknown): value is BuilderConnectionNode {
  if (!isRecord(value) || !isNodeName(value.name) || !isPlatform(value.platform)) {
    return false;
  }
  if (value.additionalPlatforms !== undefined && !isPlatformList(value.additionalPlatforms)) {
    return false;
  }
  const { kind } = value;
  const sharing = typeof kind === "string" && Object.hasOwn(nodeKinds, kind) && nodeKinds[kind as KindName].sharing;
  return typeof sharing === "object" && sharing.isFacts(value);
}
