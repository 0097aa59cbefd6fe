import { parseFamiliarName } from "@swimlane/docker-reference";

import { BuildError } from "../errors";

/** The parts of a tag. */
export interface ImageReference {
  /** Host and port: `docker.io`, `localhost:5080`. */
  registry: string;
  /** Path in the registry: `library/node`. */
  repository: string;
  tag: string;
}

const defaultRegistry = "docker.io";
// Names have at most 255 characters, tags 128: https://github.com/distribution/reference/blob/v0.6.0/reference.go
const longestCharacters = 1_000;

/** The parts of `[REGISTRY/]REPOSITORY[:TAG]`, or a sentence on what is wrong with it. */
export function parseReference(text: string): ImageReference | { problem: string } {
  try {
    const { domain, repository, tag, digest } = parseShort(text);
    if (!domain || !repository || digest) {
      return { problem: "a digest can't be pushed to; write NAME:TAG" };
    }
    return { registry: registryHost(domain), repository, tag: tag ?? "latest" };
  } catch (error) {
    const { message } = error as Error;
    return message.includes("lowercase")
      ? { problem: `a repository's name is lower-case; write ${text.toLowerCase()}` }
      : { problem: `${message}; write [REGISTRY/]REPOSITORY[:TAG], for instance ghcr.io/acme/api:1.0` };
  }
}

/** The library takes a time that grows with the square of what is no reference. */
function parseShort(text: string): ReturnType<typeof parseFamiliarName> {
  if (text.length > longestCharacters) {
    throw new Error(`it has ${text.length} characters, and ${longestCharacters} are too many`);
  }
  return parseFamiliarName(text);
}

/**
 * The parts of a tag.
 * @throws BuildError that says what is wrong with it.
 */
export function requireReference(tag: string): ImageReference {
  const parsed = parseReference(tag);
  if ("problem" in parsed) {
    throw new BuildError(`tag ${JSON.stringify(tag)}: ${parsed.problem}`);
  }
  return parsed;
}

/** What an image is pulled by: a tag, or a digest before it. */
export interface PulledReference extends Pick<ImageReference, "registry" | "repository"> {
  tagOrDigest: string;
  isDigest: boolean;
}

/** The parts of `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, or nothing of what is no reference. */
export function parsePulled(text: string): PulledReference | undefined {
  try {
    const { domain, repository, tag = "latest", digest } = parseShort(text);
    return domain && repository
      ? { registry: registryHost(domain), repository, tagOrDigest: digest ?? tag, isDigest: digest !== undefined }
      : undefined;
  } catch {
    return undefined;
  }
}

/** The one text of all spellings of a reference: `node` and `docker.io/library/node:latest` are the same image. */
export function normalReference(text: string): string | undefined {
  const parsed = parsePulled(text);
  return parsed && formatPulled(parsed);
}

export function formatPulled({ registry, repository, tagOrDigest, isDigest }: PulledReference): string {
  return `${registry}/${repository}${isDigest ? "@" : ":"}${tagOrDigest}`;
}

/** A registry's one host, under whichever of its names: Docker Hub has several. */
export function registryHost(address: string): string {
  const host = address.replace(/^https?:\/\//, "").split("/")[0];
  return ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].includes(host) ? defaultRegistry : host;
}
