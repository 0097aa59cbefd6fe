import * as http from "node:http";
import * as https from "node:https";

import { proxyOf } from "./proxy";
import type { RegistryLogin } from "./logins";
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

const answerMilliseconds = 20_000;

/**
 * Whether a server takes connections of this machine, and gives no answer. One that this machine does not reach may be the
 * nodes' alone, and one behind a proxy is the proxy's to answer for: neither says anything.
 */
export function isServerSilent(location: string, milliseconds = answerMilliseconds): Promise<boolean> {
  const url = new URL(location);
  if (!/^https?:$/.test(url.protocol) || isProxied(url)) {
    return Promise.resolve(false);
  }
  return new Promise((resolve) => {
    let isConnected = false;
    // Without a login, and whatever its certificate: that it answers at all is what is asked.
    const { hostname, port, pathname: path } = url;
    const options = { hostname: hostname.replace(/^\[|\]$/g, ""), port, path, method: "HEAD", agent: false };
    const asked =
      url.protocol === "https:" ? https.request({ ...options, rejectUnauthorized: false }) : http.request(options);
    const end = (isSilent: boolean) => {
      clearTimeout(timer);
      asked.destroy();
      resolve(isSilent);
    };
    const timer = setTimeout(() => end(isConnected), milliseconds);
    asked.on("socket", (socket) => socket.once("connect", () => (isConnected = true)));
    asked.on("response", () => end(false)).on("error", () => end(false));
    asked.end();
  });
}

function isProxied(url: URL): boolean {
  try {
    return proxyOf(url, process.env) !== undefined;
  } catch {
    return true;
  }
}
