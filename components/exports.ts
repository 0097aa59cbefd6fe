import type * as dockerBuild from "@pulumi/docker-build";

import { argumentError } from "./errors";

/**
 * Refuses exports that are a file: docker-build hands BuildKit a folder for each, and fails once nodes are awake with
 * "output directory is not supported by tar exporter". With `exec` it is buildx's own program that writes them.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/client.go
 */
export function checkExports(owner: string, { exports, exec }: Pick<dockerBuild.ImageArgs, "exports" | "exec">): void {
  if (!Array.isArray(exports) || exec) {
    return;
  }
  for (const [at, entry] of exports.entries()) {
    const type = fileExport(entry as unknown as Record<string, unknown>);
    if (type) {
      const remedy = `docker-build can't write a tar file, only a folder: ${folderInstead[type]}, or \`exec: true\` with docker-buildx on this machine`;
      throw argumentError(owner, `exports[${at}]`, entry, remedy);
    }
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
