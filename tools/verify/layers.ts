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
    const url = `https://${registry}/v2/${rest.join("/")}/manifests/${digest}`;
    const response = await fetch(url, { headers: { Accept: accepted, Authorization: authorization } });
    if (!response.ok) {
      throw new Error(`${url} answers ${response.status}`);
    }
    const { layers } = (await response.json()) as Manifest;
    return [platform, layers.map((layer) => layer.digest)];
  };
  return Object.fromEntries(await Promise.all(Object.entries(outputs.platformDigests).map(read)));
}
