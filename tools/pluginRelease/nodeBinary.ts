import * as path from "node:path";

import type { Log } from "../progress";
import type { ReleaseAsset } from "../recipe";
import { splitPlatform, type ToolPlatform } from "../platform";
import { extractFile, fetchAsset } from "../release";

const server = "https://nodejs.org";

/** Where Node's own project publishes its binary: https://nodejs.org/dist/ */
export function nodeRelease(version: string, platform: ToolPlatform): { asset: ReleaseAsset; entry: string } {
  const { os, arch } = splitPlatform(platform);
  const name = `node-${version}-${os}-${arch === "amd64" ? "x64" : arch}`;
  const folder = `/dist/${version}`;
  return {
    asset: {
      path: `${folder}/${name}.tar.gz`,
      format: "tar.gz",
      checksum: { kind: "published", path: `${folder}/SHASUMS256.txt` },
    },
    entry: `${name}/bin/node`,
  };
}

/** Downloads Node's binary for a platform, checks it, and puts it at `target`. */
export async function fetchNode(
  version: string,
  platform: ToolPlatform,
  target: string,
  folder: string,
  log: Log,
): Promise<void> {
  const file = { tool: "node", ...nodeRelease(version, platform) };
  const archive = await fetchAsset(file, server, path.join(folder, "downloads"), log);
  await extractFile(file, archive, target);
}
