import { isIPv4 } from "node:net";

import { BuildError } from "../support/errors";
import type { Platform } from "../support/platforms";
import { again, type PassingFailure, type Patience, retryAfter } from "./again";
import { findCredential } from "./credentials";
import type { RegistryLogin } from "./logins";
import { type HttpAnswer, UnreachableError } from "./http";
import { keep, readKept } from "./keptManifests";
import { manifestMediaTypes, type PlatformDigests, readPlatformDigests } from "./manifest";
import type { ImageReference } from "./reference";
import { RegistrySession } from "./registrySession";

const defaultTimeoutMilliseconds = 20_000;
// A busy registry is asked twice.
const shortPatience: Patience = { milliseconds: 1_000 };

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

/** The registry says that it does not have it. */
export class NotInRegistryError extends BuildError {}

/**
 * The digests of a pushed image's platforms, checked. Asks the registry at most once for each digest, as long as what was
 * found whole can be kept on disk.
 */
export async function readIndex(
  asked: AskedIndex,
  platforms: readonly Platform[],
  logins: readonly RegistryLogin[],
  patience?: Patience,
): Promise<PlatformDigests> {
  const { reference, digest, isInsecure } = asked;
  const ref = `${reference.registry}/${reference.repository}@${digest}`;
  const kept = readKept(digest, ref);
  const bytes =
    kept ?? (await fetchManifest({ ...reference, tagOrDigest: digest, ref, isInsecure }, logins, { patience }));
  const digests = readPlatformDigests(ref, digest, bytes, platforms);
  if (!kept) {
    keep(digest, ref, bytes);
  }
  return digests;
}

/** An index that was pushed. */
export interface AskedIndex {
  reference: ImageReference;
  digest: string;
  isInsecure: boolean;
}

/** What a registry is asked for. */
export interface AskedManifest extends Omit<ImageReference, "tag"> {
  tagOrDigest: string;
  /** In the words of messages. */
  ref: string;
  /** Whether the registry was declared to be without TLS. */
  isInsecure?: boolean;
}

/** How a registry is asked. */
export interface Asking {
  timeoutMilliseconds?: number;
  /** Of what was just pushed, "not found" may pass, too. */
  patience?: Patience;
}

/**
 * The bytes of a manifest or an index, as the registry has them.
 * @throws RegistryUnreachableError when it can't be asked, NotInRegistryError when it says that it does not have it.
 */
export async function fetchManifest(
  asked: AskedManifest,
  logins: readonly RegistryLogin[],
  { timeoutMilliseconds = defaultTimeoutMilliseconds, patience }: Asking = {},
): Promise<Buffer> {
  const { registry, isInsecure } = asked;
  const credential = await findCredential(registry, logins);
  const work = () => {
    const session = new RegistrySession(registryUrl(registry, isInsecure), credential, timeoutMilliseconds);
    return readOnce(session, asked);
  };
  try {
    return await again(work, (error) => passing(error, patience !== undefined), patience ?? shortPatience);
  } catch (error) {
    throw error instanceof RefusedError ? error.explained : error;
  }
}

/** An answer that is not what was asked for. */
class RefusedError extends Error {
  constructor(
    readonly status: number | undefined,
    readonly explained: BuildError,
    readonly isPassing: boolean,
    readonly retryAfterMilliseconds?: number,
  ) {
    super(explained.message);
  }
}

async function readOnce(session: RegistrySession, { repository, tagOrDigest, ref }: AskedManifest): Promise<Buffer> {
  const url = new URL(`${repository}/manifests/${tagOrDigest}`, session.base);
  const unreachable = (reason: string, status?: number) =>
    new RegistryUnreachableError(`the registry can't be asked for ${ref}: ${reason}`, status);
  let answer: HttpAnswer;
  try {
    answer = await session.send("GET", url, { accept: manifestMediaTypes.join(", ") });
  } catch (error) {
    const { message, status } = error as BuildError & { status?: number };
    const isPassing = error instanceof UnreachableError ? error.isPassing : isPassingStatus(status);
    throw error instanceof BuildError ? new RefusedError(status, unreachable(message, status), isPassing) : error;
  }
  const { status, bytes, header } = answer;
  if (status === 200) {
    return bytes;
  }
  const explained =
    status === 404
      ? new NotInRegistryError(`the registry does not have ${ref}`)
      : unreachable(`status ${status}`, status);
  throw new RefusedError(status, explained, isPassingStatus(status), retryAfter(header("retry-after")));
}

function isPassingStatus(status: number | undefined): boolean {
  return status === 429 || (status !== undefined && status >= 500);
}

/** Without patience, only what asks to be asked again is. */
function passing(error: unknown, isPatient: boolean): PassingFailure | undefined {
  if (!(error instanceof RefusedError)) {
    return undefined;
  }
  const { status, isPassing, retryAfterMilliseconds } = error;
  return isPatient
    ? { isPassing: isPassing || status === 404, retryAfterMilliseconds }
    : { isPassing: isPassing && status !== undefined };
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
  // A name may begin like an address: 127.0.0.1.example.com.
  return name === "localhost" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."));
}
