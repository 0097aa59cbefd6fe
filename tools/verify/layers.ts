import { ask } from "../../components/registry/http";
import type { Outputs } from "./settings";

const accepted = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

interface Manifest {
  layers: { digest: string }[];
}

/** Digests of each platform's layers, as the registry has them. */
export async function readLayers(outputs: Outputs, authorization: string): Promise<Record<string, string[]>> {
  const [registry, ...rest] = outputs.ref.replace(/(:[^/]*)?@.*$/, "").split("/");
  const read = async ([platform, digest]: [string, string]): Promise<[string, string[]]> => {
    const url = new URL(`https://${registry}/v2/${rest.join("/")}/manifests/${digest}`);
    const headers = { Accept: accepted, Authorization: authorization };
    const { status, bytes } = await ask(url, { headers, timeoutMilliseconds: 30_000 });
    if (status !== 200) {
      throw new Error(`${url.href} answers ${status}`);
    }
    const { layers } = JSON.parse(bytes.toString("utf8")) as Manifest;
    return [platform, layers.map((layer) => layer.digest)];
  };
  return Object.fromEntries(await Promise.all(Object.entries(outputs.platformDigests).map(read)));
}
