import * as path from "node:path";

import type * as dockerBuild from "@pulumi/docker-build";

import { argumentError } from "../support/errors";
import { buildxDirectory, dockerDirectory } from "../support/paths";

type Exported = Partial<Pick<dockerBuild.ImageArgs, "exports" | "exec" | "load" | "push">>;

/**
 * Refuses exports that are a file: docker-build hands BuildKit a folder for each, and fails once nodes are awake with
 * "output directory is not supported by tar exporter". With `exec` it is buildx's own program that writes them. And refuses
 * two exports of one build.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/client.go
 */
export function checkExports(owner: string, { exports, exec, push, load }: Exported): void {
  checkStore(owner, exec === true);
  if (!Array.isArray(exports)) {
    return;
  }
  const entries = exports as unknown as Record<string, unknown>[];
  checkOne(owner, entries, { push: push === true, load: load === true });
  for (const [at, entry] of entries.entries()) {
    const type = exec ? undefined : fileExport(entry);
    if (type) {
      const remedy = `docker-build can't write a tar file, only a folder: ${folderInstead[type]}, or \`exec: true\` with docker-buildx on this machine`;
      throw argumentError(owner, `exports[${at}]`, entry, remedy);
    }
  }
}

/**
 * docker-build takes two exports of one build only after it has built another image in the same update: before, it does not know
 * BuildKit's version, and says "multiple exports require a v0.13 buildkit daemon or newer". A push and a load are exports, too.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/image.go (`validate`)
 */
function checkOne(owner: string, exports: readonly Record<string, unknown>[], flags: Record<string, boolean>): void {
  const active = exports.filter(({ disabled }) => disabled !== true);
  const others = Object.keys(flags).filter((name) => flags[name]);
  if (active.length > 1 || (active.length === 1 && others.length > 0)) {
    const beside = others.map((name) => `beside \`${name}: true\`, and `).join("");
    const remedy =
      "docker-build takes one export of a build, and a push is one: set `push: false`, and what is to be pushed or exported " +
      "besides make an image of its own with the same arguments, which the node's cache has";
    throw argumentError(owner, "exports", exports, `${beside}${remedy}`);
  }
}

/** With `exec` docker-build runs docker-buildx, and says where builders are: in Docker's folder, whatever BUILDX_CONFIG is. */
function checkStore(owner: string, exec: boolean): void {
  const [read, written] = [path.join(dockerDirectory(), "buildx"), buildxDirectory()].map((each) => path.resolve(each));
  if (exec && read !== written) {
    const remedy = `docker-build has docker-buildx look for builders in ${read}, and BUILDX_CONFIG is ${written}: unset it, or leave \`exec\` out`;
    throw argumentError(owner, "exec", exec, remedy);
  }
}

const folderInstead = {
  tar: "take { local: { dest } }",
  oci: "take { oci: { dest, tar: false } }, an image layout",
  docker: "take { oci: { dest, tar: false } }, or `load: true` for a Docker engine",
};

/** The type of an export that is known to be a file, or nothing. */
function fileExport(entry: Record<string, unknown>): keyof typeof folderInstead | undefined {
  const { disabled, tar, oci, docker, raw } = entry;
  if (disabled === true) {
    return undefined;
  }
  if (typeof raw === "string") {
    const [, type] = /(?:^|,)type=(tar|oci|docker)(?:,|$)/.exec(raw) ?? [];
    const isFile = /(?:^|,)dest=/.test(raw) && !/(?:^|,)tar=false(?:,|$)/.test(raw);
    return type && isFile ? (type as keyof typeof folderInstead) : undefined;
  }
  if (tar) {
    return "tar";
  }
  return isFileOf(oci) ? "oci" : isFileOf(docker) ? "docker" : undefined;
}

function isFileOf(layout: unknown): boolean {
  const { dest, tar } = (layout ?? {}) as { dest?: unknown; tar?: unknown };
  return dest !== undefined && tar !== false;
}
