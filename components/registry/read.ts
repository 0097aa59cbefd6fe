import { BuildError } from "../errors";
import type { Platform } from "../platforms";
import { registryClient } from "./client";
import { findCredential, type RegistryLogin } from "./credentials";
import { keep, readKept } from "./kept";
import { manifestMediaTypes, type PlatformDigests, readPlatformDigests } from "./manifest";
import type { ImageReference } from "./reference";

const defaultTimeoutMilliseconds = 20_000;

/** The registry could not be asked: this says nothing about the image. */
export class RegistryUnreachableError extends BuildError {
  /** @param status of its answer; none where there was no answer. */
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/**
 * The digests of a pushed image's platforms, checked. Asks the registry at most once for each digest, as long as what was
 * found whole can be kept on disk.
 */
export async function readIndex(
  reference: ImageReference,
  digest: string,
  platforms: readonly Platform[],
  logins: readonly RegistryLogin[],
  isInsecure = false,
): Promise<PlatformDigests> {
  const ref = `${reference.registry}/${reference.repository}@${digest}`;
  const kept = readKept(digest, ref);
  const bytes = kept ?? (await fetchManifest({ ...reference, tagOrDigest: digest, ref, isInsecure }, logins));
  const digests = readPlatformDigests(ref, digest, bytes, platforms);
  if (!kept) {
    keep(digest, ref, bytes);
  }
  return digests;
}

/** What a registry is asked for. */
export interface AskedManifest extends Omit<ImageReference, "tag"> {
  tagOrDigest: string;
  /** In the words of messages. */
  ref: string;
  /** Whether the registry was declared to be without TLS. */
  isInsecure?: boolean;
}

/**
 * The bytes of a manifest or an index, as the registry has them.
 * @throws RegistryUnreachableError when it can't be asked, BuildError when it says that it does not have it.
 */
export async function fetchManifest(
  { registry, repository, tagOrDigest, ref, isInsecure }: AskedManifest,
  logins: readonly RegistryLogin[],
  timeoutMilliseconds = defaultTimeoutMilliseconds,
): Promise<Buffer> {
  const credential = await findCredential(registry, logins);
  const { protocol, host } = registryUrl(registry, isInsecure);
  try {
    const response = await registryClient().registryCall(
      `${host}/v2/${repository}/manifests/${tagOrDigest}`,
      credential?.username,
      credential?.password,
      {
        headers: { Accept: manifestMediaTypes.join(", ") },
        protocol,
        parse_response: false,
        open_timeout: timeoutMilliseconds,
        response_timeout: timeoutMilliseconds,
        read_timeout: timeoutMilliseconds,
      },
    );
    return response.raw;
  } catch (error) {
    const { statusCode, message } = error as Error & { statusCode?: number };
    if (statusCode === 404) {
      throw new BuildError(`the registry does not have ${ref}`);
    }
    throw new RegistryUnreachableError(
      `the registry can't be asked for ${ref}: ${statusCode ? `status ${statusCode}` : message}`,
      statusCode,
    );
  }
}

/**
 * Where a registry's API is: Docker Hub's is not at its name. The same rule as Docker's, BuildKit's and the provider's:
 * loopback needs no TLS.
 */
export function registryUrl(registry: string, isInsecure = false): URL {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return new URL(`${isInsecure || isLoopback(host) ? "http" : "https"}://${host}/v2/`);
}

/** Whether a registry is on the machine of whoever asks. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name.startsWith("127.") || name === "[::1]";
}
