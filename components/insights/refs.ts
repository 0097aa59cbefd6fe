import * as path from "node:path";

import { startedRefs } from "../session/startedRefs";
import { readJsonIfThere } from "../support/paths";
import type { NodeRecord } from "./readRecord";

/** What distinguishes the builds of one image from those of others on the same node. */
export interface BuildIdentity {
  /** The main context's location. */
  context: string;
  /** The Dockerfile's file, where it is one. */
  dockerfile?: string;
  platforms: readonly string[];
  target?: string;
  buildArgs: Readonly<Record<string, string>>;
  /** Tags, or what exports name. */
  tags: readonly string[];
}

/** The builds that buildx began for a node since then, of an image's context. */
export function refsOf(builderName: string, node: string, since: number, identity: BuildIdentity): string[] {
  return startedRefs(builderName, node, since, (file) => isOf(file, identity));
}

function isOf(file: string, { context, dockerfile }: BuildIdentity): boolean {
  const state = readJsonIfThere<{ LocalPath?: string; DockerfilePath?: string }>(file);
  const isSame = (own: string, known: string) => path.resolve(own) === path.resolve(known);
  return (
    (!state?.LocalPath || isSame(context, state.LocalPath)) &&
    (!state?.DockerfilePath || dockerfile === undefined || isSame(dockerfile, state.DockerfilePath))
  );
}

/** Whether a record is of that image: several images may have one context and one Dockerfile. */
export function isRecordOf(
  { attributes, exportedNames }: Pick<NodeRecord, "attributes" | "exportedNames">,
  { buildArgs, target, platforms, tags }: BuildIdentity,
): boolean {
  const given = Object.entries(attributes).filter(([name]) => name.startsWith("build-arg:"));
  const isPlatform = (attributes.platform ?? "").split(",").every((each) => each === "" || platforms.includes(each));
  return (
    isPlatform &&
    (attributes.target ?? "") === (target ?? "") &&
    Object.entries(buildArgs).every(([name, value]) => attributes[`build-arg:${name}`] === value) &&
    given.every(([name]) => Object.hasOwn(buildArgs, name.slice("build-arg:".length)) || isAutomatic(name)) &&
    (exportedNames.length === 0 || tags.length === 0 || exportedNames.some((each) => tags.some(isNamed(each))))
  );
}

/** Of several nodes each pushes by digest, to the repository without a tag. */
function isNamed(exported: string): (tag: string) => boolean {
  return (tag) => tag === exported || (tag.startsWith(`${exported}:`) && !tag.slice(exported.length + 1).includes("/"));
}

/** buildx and BuildKit pass some on by themselves: proxies, the time of the source. */
function isAutomatic(name: string): boolean {
  return /^build-arg:(?:\w+_proxy|SOURCE_DATE_EPOCH|BUILDKIT_\w+)$/i.test(name);
}
