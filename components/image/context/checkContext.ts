import * as path from "node:path";

import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { argumentError } from "../../support/errors";
import { isRemoteLocation } from "../../context/remoteLocation";
import { isFile, isFolder } from "../../context/files";

/** What of a Dockerfile is known now. */
interface KnownDockerfile {
  location?: string;
  inline?: boolean;
}

/** Contexts and Dockerfile are there, as far as they are known now. */
export function checkContexts(
  owner: string,
  context: dockerBuild.ImageArgs["context"],
  dockerfile: dockerBuild.ImageArgs["dockerfile"],
): void {
  const { location, named } = (context ?? { location: "." }) as { location?: unknown; named?: unknown };
  const file = (dockerfile ?? {}) as { location?: unknown; inline?: unknown };
  const isKnown = (value: unknown): value is string | undefined => value === undefined || typeof value === "string";
  if (typeof location === "string" && isKnown(file.location) && !pulumi.Output.isInstance(dockerfile)) {
    checkContext(owner, location, { location: file.location, inline: file.inline !== undefined });
  }
  if (named && !pulumi.Output.isInstance(named)) {
    checkNamed(owner, named as Record<string, { location?: unknown } | undefined>);
  }
}

/** Paths are relative to the Pulumi project, as docker-build's. */
function checkContext(owner: string, context: string, dockerfile: KnownDockerfile): void {
  const { location, inline } = dockerfile;
  const isRemote = isRemoteLocation(context);
  if (!isRemote && !isFolder(context)) {
    throw argumentError(owner, "context", context, `there is no folder ${path.resolve(context)}; correct the path`);
  }
  if (inline || (location && isRemoteLocation(location)) || (isRemote && !location)) {
    return;
  }
  const file = location ?? path.join(context, "Dockerfile");
  if (!isFile(file)) {
    const argument = location ? "dockerfile.location" : "dockerfile";
    throw argumentError(owner, argument, location, noFile(file, isRemote));
  }
}

/**
 * Of a context that is an URL, BuildKit takes the Dockerfile of that name there, and docker-build all the same reads the one on this
 * machine: https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/dockerfile.go (`validate`)
 */
function noFile(file: string, isInUrl: boolean): string {
  const there = `there is no file ${path.resolve(file)}`;
  return isInUrl
    ? `${there}, and docker-build reads that one, too, although BuildKit takes the one in the URL; name the Dockerfile's ` +
        `folder in the URL (\`…#REF:FOLDER\`) and leave this out, or have a copy of it there`
    : `${there}; set \`dockerfile.location\` to its path, or write it in \`dockerfile.inline\``;
}

function checkNamed(owner: string, named: Record<string, { location?: unknown } | undefined>): void {
  for (const [name, context] of Object.entries(named)) {
    const location = context?.location;
    if (typeof location !== "string" || isRemoteLocation(location) || location.startsWith("target:")) {
      continue;
    }
    if (!isFolder(location)) {
      const remedy =
        `there is no folder ${path.resolve(location)}; correct the path, or give an URL, a Git repository, ` +
        "docker-image://IMAGE, or oci-layout://FOLDER";
      throw argumentError(owner, `context.named.${name}.location`, location, remedy);
    }
  }
}
