import { BuildError } from "../errors";
import { realmRule } from "./client";
import type { Credential } from "./credentials";

const timeoutMilliseconds = 20_000;

/**
 * What a registry's `WWW-Authenticate` is answered with: the login itself, or a token that it is exchanged for.
 *
 * A login is sent to the registry's own domain alone, by the same rule as when it is read.
 *
 * @param registry where the registry's API is.
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export async function askAuthorization(
  registry: URL,
  challenge: string,
  { username, password }: Partial<Credential> = {},
): Promise<string | undefined> {
  const basic = username ? `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` : undefined;
  const { realm, ...asked } = parseChallenge(challenge);
  if (!/^bearer /i.test(challenge) || !realm) {
    return basic;
  }
  const place = realmOf(registry, realm);
  Object.entries(asked).forEach(([key, value]) => place.searchParams.set(key, value));
  return `Bearer ${await askToken(registry, place, basic)}`;
}

async function askToken(registry: URL, place: URL, basic: string | undefined): Promise<string> {
  const answer = await fetch(place, {
    // Whatever it leads to was not checked.
    redirect: "error",
    headers: basic ? { Authorization: basic } : {},
    signal: AbortSignal.timeout(timeoutMilliseconds),
  }).catch((error: Error & { cause?: Error }) => {
    throw new BuildError(`${place.host} can't be reached: ${error.cause?.message ?? error.message}`);
  });
  if (!answer.ok) {
    throw new BuildError(`${place.host} refuses the login for ${registry.host} with ${answer.status}`);
  }
  const { token, access_token } = ((await answer.json().catch(() => undefined)) ?? {}) as Record<string, unknown>;
  const found = token ?? access_token;
  // As https://www.rfc-editor.org/rfc/rfc6750#section-2.1 has them: nothing else can be in a header.
  if (typeof found !== "string" || !/^[\x21-\x7e]+$/.test(found)) {
    throw new BuildError(`${place.host} answers the login for ${registry.host} without a token`);
  }
  return found;
}

function realmOf(registry: URL, realm: string): URL {
  try {
    realmRule().assertValidRealm(registry.host, realm, registry.protocol);
    return new URL(realm);
  } catch {
    throw new BuildError(
      `the registry ${registry.host} wants its login sent to ${realm}, which is another domain, or is without TLS`,
    );
  }
}

/** What of a `WWW-Authenticate` header a token is asked for with. */
export function parseChallenge(challenge: string): { realm?: string; service?: string; scope?: string } {
  const parts = [...challenge.matchAll(/\b(realm|service|scope)="([^"]*)"/g)];
  return Object.fromEntries(parts.map(([, key, value]) => [key, value]));
}
