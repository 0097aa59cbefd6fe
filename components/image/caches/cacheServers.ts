import { parseReference } from "../../registry/reference";
import { registryUrl } from "../../registry/read";
import type { CacheTo } from "./cacheLocations";
import { type CacheText, parseCacheTexts } from "./cacheText";

/** The URLs of the servers that caches are written to, without logins, as far as their arguments name them. */
export function cacheServers(caches: readonly CacheTo[], insecureRegistries: readonly string[]): string[] {
  const urls = caches
    .filter(({ disabled }) => disabled !== true)
    .flatMap(textsOf)
    .map((text) => serverOf(text, insecureRegistries))
    .filter((each) => each !== undefined && URL.canParse(each))
    .map((each) => new URL(each as string))
    .map(({ origin, pathname }) => origin + pathname);
  return [...new Set(urls)];
}

/** S3 reaches docker-build as a text: raw.ts. */
function textsOf({ registry, azblob, raw }: CacheTo): CacheText[] {
  const typed: CacheText[] = [];
  if (registry?.ref) {
    typed.push({ type: "registry", attributes: [["ref", registry.ref]] });
  }
  if (azblob?.accountUrl) {
    typed.push({ type: "azblob", attributes: [["account_url", azblob.accountUrl]] });
  }
  const texts = raw === undefined ? [] : parseCacheTexts(raw);
  return "problem" in texts ? typed : [...typed, ...texts];
}

/** https://docs.docker.com/build/cache/backends/ */
function serverOf({ type, attributes }: CacheText, insecureRegistries: readonly string[]): string | undefined {
  const given = new Map(attributes);
  if (type === "registry") {
    const parsed = parseReference(given.get("ref") ?? "");
    return "problem" in parsed
      ? undefined
      : registryUrl(parsed.registry, insecureRegistries.includes(parsed.registry)).href;
  }
  if (type === "s3") {
    const region = given.get("region");
    return given.get("endpoint_url") ?? (region && `https://s3.${region}.amazonaws.com/`);
  }
  return type === "azblob" ? given.get("account_url") : undefined;
}
