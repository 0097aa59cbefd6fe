import { BuildError } from "../support/errors";
import type { Platform } from "../support/platforms";
import type { Patience } from "./again";
import type { RegistryLogin } from "./logins";
import type { PlatformDigests } from "./manifest";
import { NotInRegistryError, readIndex, RegistryUnreachableError } from "./read";
import { parseReference } from "./reference";

/** An image after its build. */
export interface BuiltImage {
  /** `sha256:…`, empty for an image that was exported nowhere. */
  digest: string;
  /** docker-build's own reference. */
  ref: string;
  /** The first tag, or the name that an export pushes it under. */
  tag: string | undefined;
  isPushed: boolean;
  /** Pushed by this update, not by an earlier one. */
  wasPushedNow: boolean;
  platforms: readonly Platform[];
  /** What nodes have pushed for the platforms, where that is known: the index must hold just that. */
  pushedDigests?: PlatformDigests;
  logins: readonly RegistryLogin[];
  /** Registries, `HOST:PORT`, that were declared to be without TLS. */
  insecureRegistries: readonly string[];
}

/** What is known of an image after its check. */
export interface CheckedImage {
  digest: string;
  ref: string;
  platformDigests?: PlatformDigests;
  /** Why they are absent. */
  unknownBecause?: string;
  /** What the registry could not say this time, of an image that was checked or built before. */
  warning?: string;
  /** What is wrong with what was pushed. */
  problem?: string;
  /** Whether it was only not read: another update reads it again. */
  isUnread?: boolean;
}

/** After a push: registries of several parts have it in all of them a little later, and those in front of them are busy. */
const patienceMilliseconds = 60_000;

/**
 * Reads the pushed index and checks that it holds every platform.
 *
 * @param log gets a line on why it takes longer.
 */
export async function checkImage(image: BuiltImage, log?: (message: string) => void): Promise<CheckedImage> {
  const { digest, tag, platforms } = image;
  if (!isInRegistry(image) || tag === undefined) {
    return notInRegistry(image);
  }
  const named = { digest, ref: `${tag}@${digest}` };
  const reference = parseReference(tag);
  if ("problem" in reference) {
    return { ...named, problem: `tag ${JSON.stringify(tag)}: ${reference.problem}` };
  }
  try {
    const isInsecure = image.insecureRegistries.includes(reference.registry);
    const patience = image.wasPushedNow ? patienceOf(log) : undefined;
    const platformDigests = await readIndex({ reference, digest, isInsecure }, platforms, image.logins, patience);
    return { ...named, platformDigests, problem: describeOther(platformDigests, image) };
  } catch (error) {
    if (!(error instanceof BuildError)) {
      throw error;
    }
    const { message } = error;
    const isUnreachable = error instanceof RegistryUnreachableError;
    if (isUnreachable && !image.wasPushedNow) {
      return { ...named, warning: message, unknownBecause: message };
    }
    const isUnread = isUnreachable || (error instanceof NotInRegistryError && image.wasPushedNow);
    return { ...named, problem: message, isUnread };
  }
}

/**
 * What is known of an image without asking its registry, as if that had all of it: for unit tests with mocks.
 *
 * @param standIn the digest of a platform whose own is not known.
 */
export function assumeImage(image: BuiltImage, standIn: (platform: Platform) => string): CheckedImage {
  const { digest, tag, platforms, pushedDigests } = image;
  if (!isInRegistry(image)) {
    return notInRegistry(image);
  }
  const digestOf = (platform: Platform) =>
    pushedDigests?.[platform] ?? (platforms.length === 1 ? digest : standIn(platform));
  const platformDigests = Object.fromEntries(platforms.map((platform) => [platform, digestOf(platform)]));
  return { digest, ref: `${tag}@${digest}`, platformDigests };
}

/** How long what was just pushed is asked for. */
export function patienceOf(log: ((message: string) => void) | undefined): Patience {
  const seconds = patienceMilliseconds / 1_000;
  return {
    milliseconds: patienceMilliseconds,
    log: (problem) => log?.(`${problem}. It was pushed just now, and is read again for up to ${seconds} s.`),
  };
}

/** BuildKit takes over what `FROM` names as it is, unless that has triggers (`ONBUILD`), which it then runs. */
function describeOther(found: PlatformDigests, { ref, platforms, pushedDigests }: BuiltImage): string | undefined {
  const other = platforms.find((platform) => pushedDigests && found[platform] !== pushedDigests[platform]);
  return (
    other &&
    `the index ${ref} holds ${found[other]} for ${other}, and its node has pushed ${pushedDigests?.[other]}. A Dockerfile ` +
      "with ONBUILD in its last stage can't be built with `registries` or `repository` on several nodes: log in with " +
      "`docker login` in their place"
  );
}

function isInRegistry({ digest, isPushed, tag }: BuiltImage): boolean {
  return Boolean(digest && isPushed && tag);
}

function notInRegistry({ digest, ref, platforms }: BuiltImage): CheckedImage {
  return digest && platforms.length === 1
    ? { digest, ref, platformDigests: { [platforms[0]]: digest } }
    : { digest, ref, unknownBecause: "the image was not pushed, so there is no index to read digests from" };
}
