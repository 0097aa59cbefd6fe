import type { RegistryLogin } from "../registry/logins";
import { keep, readKept } from "../registry/keptManifests";
import { digestOf, listPlatforms } from "../registry/manifest";
import { fetchManifest, RegistryUnreachableError } from "../registry/read";
import { formatPulled, parsePulled, type PulledReference } from "../registry/reference";
import { normalPlatform } from "./matching";

/** What a registry says of a base image. */
export type Answer =
  | { kind: "index"; platforms: string[] }
  /** A single manifest: BuildKit uses it for any platform, so there is nothing to check. */
  | { kind: "unknown" }
  | { kind: "unasked"; registry: string; reason: string };

const timeoutMilliseconds = 5_000;
// With a credential helper, which starts a program, and a token, which is a request of its own.
const wholeTimeoutMilliseconds = 15_000;
// A base image is the same in each registry that has it.
const keptFor = "base image";

/** What registries have said in one run of a program. Another run of the same process asks anew: base images change. */
export class BaseImageAnswers {
  /** One request for each image, whatever number of images and stages begin with it. */
  private readonly asked = new Map<string, Promise<Answer>>();
  /** Registries that timed out in this run; not tried again. */
  private readonly silent = new Map<string, Answer>();
  private readonly warned = new Set<string>();

  /** The platforms of a base image, asked of its registry once. Never throws. */
  ask(ref: string, logins: readonly RegistryLogin[]): Promise<Answer> {
    const parsed = parsePulled(ref);
    if (!parsed) {
      return Promise.resolve({ kind: "unknown" });
    }
    const users = logins.map(({ address, username }) => `${username}@${address}`).sort();
    const key = [formatPulled(parsed), ...users].join(" ");
    const answer = this.asked.get(key) ?? ask(parsed, logins, this.silent);
    this.asked.set(key, answer);
    return answer;
  }

  /** Whether this is the first time that something is said of a registry that can't be asked. */
  isNewlySilent(registry: string): boolean {
    const isNew = !this.warned.has(registry);
    this.warned.add(registry);
    return isNew;
  }
}

async function ask(
  reference: PulledReference,
  logins: readonly RegistryLogin[],
  silent: Map<string, Answer>,
): Promise<Answer> {
  const { registry, tagOrDigest, isDigest } = reference;
  const unanswered = silent.get(registry);
  const kept = isDigest ? readKept(tagOrDigest, keptFor) : undefined;
  if (unanswered && !kept) {
    return unanswered;
  }
  try {
    const ref = formatPulled(reference);
    const ask = () => fetchManifest({ ...reference, ref }, logins, { timeoutMilliseconds });
    const bytes = kept ?? (await atMost(wholeTimeoutMilliseconds, ask()));
    const answer = answerOf(bytes);
    // A tag may have moved by the next update.
    if (!kept && isDigest && digestOf(bytes) === tagOrDigest) {
      keep(tagOrDigest, keptFor, bytes);
    }
    return answer;
  } catch (error) {
    const answer = { kind: "unasked" as const, registry, reason: (error as Error).message };
    if (error instanceof RegistryUnreachableError && error.status === undefined) {
      silent.set(registry, answer);
    }
    return answer;
  }
}

function answerOf(bytes: Buffer): Answer {
  const { platforms, hasOthers } = listPlatforms(bytes);
  // BuildKit reads what an index does not say from the manifests, by further requests.
  return !platforms || hasOthers
    ? { kind: "unknown" }
    : { kind: "index", platforms: [...new Set(platforms.map(normalPlatform))] };
}

async function atMost<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new RegistryUnreachableError(`the registry has not answered within ${milliseconds / 1_000} s`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
