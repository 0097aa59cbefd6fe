/**
 * The URL that a setting for proxies means; nothing for what is none, or for a login that Go's programs can't read, either: a
 * percent sign in it is written as `%25`.
 *
 * @see https://pkg.go.dev/net/url#Parse
 */
export function parseProxy(given: string, schemes: readonly string[]): URL | undefined {
  const text = withScheme(given);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isProxy = url?.hostname && schemes.includes(url.protocol.slice(0, -1));
  return isProxy && [url.username, url.password].every(isDecodable) ? url : undefined;
}

/** Go takes `proxy:3128` for `http://proxy:3128`. */
export function withScheme(given: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== undefined;
  } catch {
    return false;
  }
}
