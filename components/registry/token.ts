import { BuildError } from "../support/errors";
import type { Credential } from "./logins";
import { ask } from "./http";
import { isOwnRealm } from "./realm";

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
  timeoutMilliseconds: number,
): Promise<string | undefined> {
  const basic = username ? `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` : undefined;
  const { realm, ...asked } = parseChallenge(challenge);
  if (!/^bearer /i.test(challenge) || !realm) {
    return basic;
  }
  const realmUrl = realmOf(registry, realm);
  Object.entries(asked).forEach(([key, value]) => realmUrl.searchParams.set(key, value));
  return `Bearer ${await askToken(registry, realmUrl, basic, timeoutMilliseconds)}`;
}

async function askToken(
  registry: URL,
  realmUrl: URL,
  basic: string | undefined,
  timeoutMilliseconds: number,
): Promise<string> {
  // Redirects are not followed: whatever they lead to was not checked.
  const { status, bytes } = await ask(realmUrl, {
    headers: basic ? { Authorization: basic } : {},
    timeoutMilliseconds,
  });
  if (status < 200 || status > 299) {
    throw new TokenError(`${realmUrl.host} refuses the login for ${registry.host} with ${status}`, status);
  }
  const { token, access_token } = parseObject(bytes);
  const found = token ?? access_token;
  // As https://www.rfc-editor.org/rfc/rfc6750#section-2.1 has them: nothing else can be in a header.
  if (typeof found !== "string" || !/^[\x21-\x7e]+$/.test(found)) {
    throw new TokenError(`${realmUrl.host} answers the login for ${registry.host} without a token`);
  }
  return found;
}

/** A registry's own login service has refused, or what it said is no token. */
export class TokenError extends BuildError {
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  try {
    return (JSON.parse(bytes.toString("utf8")) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function realmOf(registry: URL, realm: string): URL {
  const realmUrl = URL.canParse(realm) ? new URL(realm) : undefined;
  if (!realmUrl || !isOwnRealm(registry, realmUrl)) {
    throw new TokenError(
      `the registry ${registry.host} wants its login sent to ${realm}, which is another domain, or is without TLS`,
    );
  }
  return realmUrl;
}

/** What of a `WWW-Authenticate` header a token is asked for with. */
export function parseChallenge(challenge: string): { realm?: string; service?: string; scope?: string } {
  const parts = [...challenge.matchAll(/\b(realm|service|scope)="([^"]*)"/g)];
  return Object.fromEntries(parts.map(([, key, value]) => [key, value]));
}
