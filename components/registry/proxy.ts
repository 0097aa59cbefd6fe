import { isExcepted } from "../support/noProxy";
import { parseProxy } from "../support/proxyUrl";

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

function proxyUrl(name: string, given: string): URL {
  const url = parseProxy(given, ["http", "https", "socks5", "socks5h"]);
  if (url) {
    return url;
  }
  // Its text may hold a password.
  throw new Error(
    `${name} in the environment is no URL of a proxy, such as http://proxy.example:3128 (http, https or socks5; a percent sign in its login is %25)`,
  );
}
