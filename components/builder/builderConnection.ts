import { parseEndpoint, type TlsMaterial } from "../transport/endpoint";
import type { Ec2Connection } from "../nodes/ec2/connection";
import { BuildError } from "../support/errors";
import type { RemoteDriver } from "../nodes/arguments";
import { containerDriver } from "../nodes/remote/normalise";
import { parsePulled } from "../registry/reference";
import { isBuilderName, isNodeName } from "../support/names";
import { parsePlatform, type Platform } from "../support/platforms";

/** A node of a {@link BuilderConnection}. */
export type BuilderConnectionNode = { name: string; platform: Platform; additionalPlatforms?: readonly Platform[] } & (
  { kind: "ec2" } | { kind: "remote"; endpoint: string; tls?: TlsMaterial; driver?: RemoteDriver; image?: string }
);

/**
 * All that another program needs to build on a builder's nodes, besides AWS credentials for those of kind `ec2`: the output
 * `connection` of one `Builder`, and the argument of `Builder.fromConnection`. JSON; what is in it may change with
 * `version`.
 *
 * It holds the client's private key: whoever has it is root on the nodes, where the network lets them in.
 */
export interface BuilderConnection {
  version: 1;
  /** Of the builder whose nodes these are. */
  builderName: string;
  wakeTimeoutSeconds: number;
  /** In the builder's order. */
  nodes: readonly BuilderConnectionNode[];
  /** How nodes of kind `ec2` are reached. */
  ec2?: Ec2Connection;
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
  if (!isObject(value)) {
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

function problemOf(value: Partial<Record<keyof BuilderConnection, unknown>>): string | undefined {
  const { builderName, wakeTimeoutSeconds, nodes, ec2 } = value;
  if (builderName === undefined || typeof wakeTimeoutSeconds !== "number") {
    return "lacks `builderName` or `wakeTimeoutSeconds`";
  }
  const ec2BuilderName = isObject(ec2) ? ec2.builderName : builderName;
  if (!isBuilderName(builderName) || ec2BuilderName !== builderName) {
    return "has a `builderName` that no builder has, or another one in `ec2`";
  }
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) {
    return "has no `nodes`, or one that is none of ours";
  }
  const needed = nodes.filter(({ kind }) => kind === "ec2").map(({ name }) => name);
  const known = ec2Names(ec2);
  if (!known.every(isNodeName)) {
    return "has a node in `ec2` whose name no node has";
  }
  const missing = needed.find((name) => !known.includes(name));
  return missing === undefined ? undefined : `has no instance for node ${missing} in \`ec2\``;
}

function isNode(value: unknown): value is BuilderConnectionNode {
  if (!isObject(value) || !isNodeName(value.name) || !isPlatform(value.platform)) {
    return false;
  }
  if (value.additionalPlatforms !== undefined && !isPlatformList(value.additionalPlatforms)) {
    return false;
  }
  return value.kind === "ec2" || (value.kind === "remote" && isReachable(value));
}

function isReachable({ endpoint, driver, image }: Record<string, unknown>): boolean {
  return (
    typeof endpoint === "string" &&
    !("problem" in parseEndpoint(endpoint)) &&
    (driver === undefined || driver === containerDriver) &&
    // A word of a command line on the endpoint's host.
    (image === undefined || (typeof image === "string" && parsePulled(image) !== undefined))
  );
}

function isPlatform(value: unknown): value is Platform {
  return typeof value === "string" && parsePlatform(value) === value;
}

function isPlatformList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isPlatform);
}

function ec2Names(ec2: unknown): unknown[] {
  const lists = isObject(ec2) ? [ec2.nodes, ec2.ephemeralNodes] : [];
  return lists.flatMap((list) => (Array.isArray(list) ? list.map((node: unknown) => isObject(node) && node.name) : []));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
