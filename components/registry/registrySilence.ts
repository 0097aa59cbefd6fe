import type { RegistryLogin } from "./credentials";
import { fetchManifest, RegistryUnreachableError } from "./read";
import { parseReference } from "./reference";

/**
 * Whether the registry of a tag gives this machine no answer at all. It has to: what was pushed is read from here afterwards.
 */
export async function isRegistrySilent(
  tag: string,
  logins: readonly RegistryLogin[],
  insecureRegistries: readonly string[],
): Promise<boolean> {
  const parsed = parseReference(tag);
  if ("problem" in parsed) {
    return false;
  }
  const isInsecure = insecureRegistries.includes(parsed.registry);
  try {
    await fetchManifest({ ...parsed, tagOrDigest: parsed.tag, ref: tag, isInsecure }, logins);
    return false;
  } catch (error) {
    return error instanceof RegistryUnreachableError && error.status === undefined;
  }
}
