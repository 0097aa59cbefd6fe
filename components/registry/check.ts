import { BuildError } from "../errors";
import type { Platform } from "../platforms";
import type { RegistryLogin } from "./credentials";
import type { PlatformDigests } from "./manifest";
import { readIndex, RegistryUnreachableError } from "./read";
import { parseReference } from "./reference";

/** An image after its build. */
export interface BuiltImage {
  /** `sha256:…`, empty for an image that was exported nowhere. */
  digest: string;
  /** docker-build's own reference. */
  ref: string;
  /** The first tag. */
  tag: string | undefined;
  isPushed: boolean;
  /** Pushed by this `up`, not by an earlier one. */
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
}

/** Reads the pushed index and checks that it holds every platform. */
export async function checkImage(image: BuiltImage): Promise<CheckedImage> {
  const { digest, tag, isPushed, platforms } = image;
  if (!digest || !isPushed || !tag) {
    return { digest, ref: image.ref, ...withoutRegistry(image) };
  }
  const named = { digest, ref: `${tag}@${digest}` };
  const reference = parseReference(tag);
  if ("problem" in reference) {
    return { ...named, problem: `tag ${JSON.stringify(tag)}: ${reference.problem}` };
  }
  try {
    const isInsecure = image.insecureRegistries.includes(reference.registry);
    const platformDigests = await readIndex(reference, digest, platforms, image.logins, isInsecure);
    return { ...named, platformDigests, problem: describeOther(platformDigests, image) };
  } catch (error) {
    if (!(error instanceof BuildError)) {
      throw error;
    }
    const { message } = error;
    const isExcused = error instanceof RegistryUnreachableError && !image.wasPushedNow;
    return isExcused ? { ...named, warning: message, unknownBecause: message } : { ...named, problem: message };
  }
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

function withoutRegistry({ digest, platforms }: BuiltImage): Partial<CheckedImage> {
  return digest && platforms.length === 1
    ? { platformDigests: { [platforms[0]]: digest } }
    : { unknownBecause: "the image was not pushed, so there is no index to read digests from" };
}
