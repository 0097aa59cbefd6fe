import { isExcepted } from "../support/noProxy";

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy by which Go's programs, and so docker-build and BuildKit, ask for an URL; none where they ask directly.
 *
 * A host's own variable alone counts (HTTPS_PROXY for https), and loopback is never behind a proxy.
 *
 * @throws Error of a variable that is no URL.
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy
 */
export function proxyOf(url: URL, environment: Environment): URL | undefined {
  const isTls = url.protocol === "https:";
  const name = isTls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const given = environment[name] || environment[name.toLowerCase()];
  const port = url.port || (isTls ? "443" : "80");
  const noProxy = environment.NO_PROXY || environment.no_proxy || "";
  return given && !isExcepted(url.hostname, port, noProxy) ? proxyUrl(name, given) : undefined;
}

/** Go takes `proxy:3128` for `http://proxy:3128`. */
function proxyUrl(name: string, given: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hostname && /^(https?|socks5h?):$/.test(url.protocol)) {
    return url;
  }
  // Its text may hold a password.
  throw new Error(
    `${name} in the environment is no URL of a proxy, such as http://proxy.example:3128 (http, https or socks5)`,
  );
}
