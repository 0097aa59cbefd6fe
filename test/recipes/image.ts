import * as fs from "node:fs";
import * as path from "node:path";

import type { Registry } from "../hosts";
import { pullFiles, skopeo } from "../main/image";

/** What an image's configuration says: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export interface ImageConfiguration {
  os: string;
  architecture: string;
  config: { Labels?: Record<string, string>; Env?: string[]; Cmd?: string[] };
}

export interface Manifest {
  mediaType: string;
  annotations?: Record<string, string>;
  layers?: { digest: string }[];
  manifests?: { digest: string; mediaType: string; platform: { os: string; architecture: string } }[];
}

type Trusted = Pick<Registry, "certificateFolder">;

/** As skopeo, which is no part of what is tested, reads them from the registry. */
export async function readManifest(registry: Trusted, ref: string): Promise<Manifest> {
  return JSON.parse(await skopeo("inspect", "--raw", ...trust(registry), `docker://${ref}`)) as Manifest;
}

/** The configuration of one platform's image, chosen as a client of that platform chooses it. */
export async function readConfiguration(
  registry: Trusted,
  ref: string,
  architecture = "amd64",
): Promise<ImageConfiguration> {
  const chosen = ["--override-os", "linux", "--override-arch", architecture];
  const said = await skopeo(...chosen, "inspect", "--config", ...trust(registry), `docker://${ref}`);
  return JSON.parse(said) as ImageConfiguration;
}

/** The files of an image of one platform, as text. */
export async function readFiles(registry: Trusted, ref: string): Promise<Record<string, string>> {
  const folder = await pullFiles(registry, ref);
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, file), fs.readFileSync(file, "utf8")];
    }),
  );
}

function trust({ certificateFolder }: Trusted): string[] {
  return ["--cert-dir", certificateFolder];
}
