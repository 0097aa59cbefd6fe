import { BuildError } from "../../../support/errors";
import { isExcepted } from "../../../support/noProxy";
import { parseProxy, withScheme } from "../../../support/proxyUrl";
import { withoutLogins } from "../../../support/withoutLogins";
import type { ProxySettings } from "../awsSettings";

/**
 * The proxy for a host, as an aws provider with these settings chooses it: `httpProxy` counts for HTTPS, too, where nothing
 * else is said for that; a host of this machine has none.
 * @see https://github.com/hashicorp/aws-sdk-go-base/blob/main/internal/config/config.go (HTTPProxyModeLegacy)
 * @see https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
 */
export function proxyFor(
  { protocol, host, port }: { protocol: "http:" | "https:"; host: string; port: number },
  settings: ProxySettings,
  environment: NodeJS.ProcessEnv = process.env,
): URL | undefined {
  const named = (name: string) => environment[name] ?? environment[name.toLowerCase()];
  const http = settings.httpProxy ?? named("HTTP_PROXY");
  const proxy = protocol === "http:" ? http : (settings.httpsProxy ?? named("HTTPS_PROXY") ?? settings.httpProxy);
  const noProxy = settings.noProxy ?? named("NO_PROXY") ?? "";
  return proxy && !isExcepted(host, `${port}`, noProxy) ? parsed(proxy) : undefined;
}

function parsed(proxy: string): URL {
  const url = parseProxy(proxy, ["http", "https"]);
  if (!url) {
    throw new BuildError(
      `the proxy for AWS is ${JSON.stringify(withoutLogins(withScheme(proxy)))}, of the aws provider or of the environment: hooks use ` +
        "proxies such as http://proxy.example.com:3128, where a percent sign in a login is %25. Fix: name one of these in `httpsProxy` of the aws provider, or in HTTPS_PROXY.",
    );
  }
  return url;
}
