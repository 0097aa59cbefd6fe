import { checkArguments } from "../arguments/checkArguments";
import { otherBuilderNames } from "../arguments/otherNames";
import { nodesOf } from "../session/placement";
import { argumentError, BuildError } from "../support/errors";
import type { NodeArgs } from "../nodes/arguments";
import { kindNames, namesOf, nodeKinds } from "../nodes/kinds";
import type { NamedNode } from "./normalBuilder";
import { isNodeName } from "../support/names";
import { allPlatforms, nodeNameOf, parsePlatform, type Platform } from "../support/platforms";
import { parseReference } from "../registry/reference";

/** A platform list in its normal spelling: not empty, all known, none twice. */
export function checkPlatforms(owner: string, platforms: readonly string[]): Platform[] {
  if (platforms.length === 0) {
    throw argumentError(owner, "platforms", platforms, "name at least one, for instance linux/arm64");
  }
  const normal = platforms.map((each) => checkPlatform(owner, "platforms", each));
  const twice = platforms.find((_, at) => normal.indexOf(normal[at]) !== at);
  if (twice !== undefined) {
    throw argumentError(owner, "platforms", platforms, `${twice} is there twice; name it once`);
  }
  return normal;
}

function checkPlatform(owner: string, argument: string, platform: string): Platform {
  const known = typeof platform === "string" ? parsePlatform(platform) : undefined;
  if (!known) {
    throw argumentError(owner, argument, platform, `${JSON.stringify(platform)} is none of ${allPlatforms.join(", ")}`);
  }
  return known;
}

/** Each node of a builder with its name, checked against the others. */
export function checkNodes(owner: string, nodes: readonly NodeArgs[]): NamedNode[] {
  if (nodes.length === 0) {
    throw argumentError(
      owner,
      "nodes",
      nodes,
      'give at least one, for instance { kind: "local", platform: "linux/amd64" }',
    );
  }
  nodes.forEach((node, at) => checkNodeArguments(owner, `nodes[${at}]`, node));
  const platforms = nodes.map(({ platform }, at) => checkPlatform(owner, `nodes[${at}].platform`, platform));
  const named = nodes.map((node, at) => {
    const platform = platforms[at];
    const number = platforms.slice(0, at + 1).filter((each) => each === platform).length;
    const name = node.name ?? nodeNameOf(platform, number);
    if (!isNodeName(name)) {
      throw argumentError(owner, `nodes[${at}].name`, name, "begin with a letter, then a-z, 0-9, '.', '_' and '-'");
    }
    const additionalPlatforms = node.additionalPlatforms?.map((each) =>
      checkPlatform(owner, `nodes[${at}].additionalPlatforms`, each),
    );
    return { ...node, platform, name, ...(additionalPlatforms && { additionalPlatforms }) };
  });
  for (const [at, node] of named.entries()) {
    const others = named.slice(0, at).filter(({ kind }) => kind === node.kind);
    nodeKinds[node.kind].check(owner, `nodes[${at}]`, node, others);
  }
  checkDistinct(owner, named);
  checkAdditionalPlatforms(owner, named);
  return named;
}

function checkNodeArguments(owner: string, path: string, node: NodeArgs): void {
  const kind = (node as Partial<NodeArgs> | null)?.kind ?? "";
  if (!Object.hasOwn(nodeKinds, kind)) {
    const allowed = kindNames().map((each) => `"${each}"`);
    throw argumentError(owner, `${path}.kind`, kind || undefined, `${allowed.join(", ")} are allowed`);
  }
  checkArguments({ owner, path, otherNames: otherBuilderNames }, node, nodeKinds[node.kind].arguments);
}

/** A platform has one kind of node: machines of it, or one that builds it besides. */
function checkAdditionalPlatforms(owner: string, nodes: readonly NamedNode[]): void {
  for (const [at, { name, platform, additionalPlatforms = [] }] of nodes.entries()) {
    const refuse = (remedy: string) =>
      argumentError(owner, `nodes[${at}].additionalPlatforms`, additionalPlatforms, remedy);
    const twice = additionalPlatforms.find((each, index) => additionalPlatforms.indexOf(each) !== index);
    if (twice) {
      throw refuse(`${twice} is there twice; name it once`);
    }
    for (const other of nodes) {
      const native = additionalPlatforms.find((each) => each === other.platform);
      if (native) {
        throw refuse(`node ${other.name} serves ${native} natively; leave it out`);
      }
      const { additionalPlatforms: others = [] } = other;
      if (other.platform === platform && others.join() !== additionalPlatforms.join()) {
        // An image is built on either of them.
        throw refuse(`nodes of one platform build the same ones, and node ${other.name} has [${others.join(", ")}]`);
      }
      const shared = additionalPlatforms.find((each) => other.platform !== platform && others.includes(each));
      if (shared) {
        throw refuse(`node ${other.name} has ${shared} too, and ${name} would never get it; name it at one of them`);
      }
    }
  }
}

function checkDistinct(owner: string, nodes: readonly NamedNode[]): void {
  for (const [at, node] of nodes.entries()) {
    for (const other of nodes.slice(0, at)) {
      if (node.platform === other.platform && [node, other].some(({ kind }) => nodeKinds[kind].isOnThisMachine)) {
        const own = namesOf(({ isOnThisMachine }) => !isOnThisMachine, "or");
        const remedy = `node ${other.name} serves it too, and several nodes of one platform are machines of their own, ${own}; leave one out`;
        throw argumentError(owner, `nodes[${at}].platform`, node.platform, remedy);
      }
      if (node.name === other.name) {
        throw argumentError(owner, `nodes[${at}].name`, node.name, "another node has it; give each its own");
      }
    }
  }
}

/** Tags that are known now; `undefined` stands for one that is not. */
export function checkTags(owner: string, tags: readonly (string | undefined)[], push: boolean | undefined): void {
  if (push && tags.length === 0) {
    const remedy = 'a push needs at least one, for instance ["ghcr.io/acme/api:1.0"], or `push: false`';
    throw argumentError(owner, "tags", tags, remedy);
  }
  for (const [at, tag] of tags.entries()) {
    const parsed = tag === undefined ? undefined : parseReference(tag);
    if (parsed && "problem" in parsed) {
      throw argumentError(owner, `tags[${at}]`, tag, parsed.problem);
    }
  }
}

/** `load` puts one image into a Docker engine, which keeps one platform. */
export function checkLoad(owner: string, load: boolean, platforms: readonly Platform[]): void {
  if (load && platforms.length > 1) {
    const remedy = `a Docker engine takes one platform, and \`platforms\` has ${platforms.join(", ")}; name one, or push instead`;
    throw argumentError(owner, "load", load, remedy);
  }
}

/** Each platform has a node that was declared for it. */
export function checkPlacement(
  owner: string,
  nodes: readonly { name: string; platform: Platform }[],
  platforms: readonly Platform[],
): void {
  try {
    nodesOf(nodes, platforms);
  } catch (error) {
    throw new BuildError(`${owner}: ${(error as Error).message}`);
  }
}
