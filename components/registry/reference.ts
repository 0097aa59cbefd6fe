import { BuildError } from "../support/errors";
import { referenceParts } from "./referenceParts";

/** The parts of a tag. */
export interface ImageReference {
  /** Host and port: `docker.io`, `localhost:5080`. */
  registry: string;
  /** Path in the registry: `library/node`. */
  repository: string;
  tag: string;
}

const defaultRegistry = "docker.io";

/** The parts of `[REGISTRY/]REPOSITORY[:TAG]`, or a sentence on what is wrong with it. */
export function parseReference(text: string): ImageReference | { problem: string } {
  const parts = referenceParts(text);
  if ("problem" in parts) {
    const lower = withLowerName(text);
    const form =
      lower === text || "problem" in referenceParts(lower)
        ? "[REGISTRY/]REPOSITORY[:TAG], for instance ghcr.io/acme/api:1.0"
        : lower;
    return { problem: `${parts.problem}; write ${form}` };
  }
  const { domain, repository, tag = "latest", digest } = parts;
  return digest
    ? { problem: "a digest can't be pushed to; write NAME:TAG" }
    : { registry: registryHost(domain), repository, tag };
}

/** The repository alone is lower-case: a registry's name and a tag stay as they are. */
function withLowerName(text: string): string {
  const first = text.slice(0, text.indexOf("/") + 1);
  const registry = /[.:]/.test(first) || first === "localhost/" ? first : "";
  const [name] = text.slice(registry.length).split(/[:@]/, 1);
  return `${registry}${name.toLowerCase()}${text.slice(registry.length + name.length)}`;
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
  const parts = referenceParts(text);
  if ("problem" in parts) {
    return undefined;
  }
  const { domain, repository, tag = "latest", digest } = parts;
  return {
    registry: registryHost(domain),
    repository,
    tagOrDigest: digest ?? tag,
    isDigest: digest !== undefined,
  };
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
