/** The list of public suffixes loads when a registry first wants a token. Its own types are not found by TypeScript. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const publicSuffixes = () => require("psl") as { get: (domain: string) => string | null };

// Registries of whole providers that have their logins under another domain.
const knownRealms: Record<string, string> = {
  "pkg.dev": "oauth2.googleapis.com",
  "azurecr.io": "login.microsoftonline.com",
};

/**
 * Whether a registry's login may be sent to the server that it names: its own host, one above or below it, or another of the
 * same registered domain, as `auth.docker.io` is of `registry-1.docker.io`. Never without TLS where the registry has it.
 *
 * @see https://publicsuffix.org
 */
export function isOwnRealm(registry: URL, realm: URL): boolean {
  if (realm.protocol !== "https:" && (realm.protocol !== "http:" || registry.protocol !== "http:")) {
    return false;
  }
  const own = registry.hostname;
  const other = realm.hostname;
  if (other === own || other.endsWith(`.${own}`) || own.endsWith(`.${other}`)) {
    return true;
  }
  const { get } = publicSuffixes();
  const domain = get(own);
  return domain !== null && (get(other) === domain || knownRealms[domain] === other);
}
