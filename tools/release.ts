import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as tar from "tar";
import { DownloadError, download, fetchText, sha256 } from "./download";
import { type Log, withProgress } from "./progress";
import type { ReleaseAsset } from "./recipe";

/** What arrived is not what was published: never go on with another source as if nothing had happened. */
export class ChecksumError extends Error {}

export interface ReleaseFile {
  tool: string;
  asset: ReleaseAsset;
  entry?: string;
}

/** Downloads the asset into `downloads`, checks it and gives its path. It is kept until the caller removes it. */
export async function fetchAsset(
  { tool, asset }: ReleaseFile,
  server: string,
  downloads: string,
  log: Log,
): Promise<string> {
  const url = server + asset.path;
  const file = path.join(downloads, `${createHash("sha256").update(url).digest("hex").slice(0, 12)}.part`);
  await fs.mkdir(downloads, { recursive: true });
  const expected = await expectedSum(asset, server);
  await withProgress(
    `${tool}: downloading ${path.basename(asset.path)}`,
    (step) => download(url, file, step),
    log,
  ).catch(async (error: unknown) => {
    await fs.rm(file, { force: true });
    throw error;
  });
  const got = await sha256(file);
  if (got !== expected) {
    await fs.rm(file, { force: true });
    throw new ChecksumError(
      `${tool}: the checksum of ${url} is wrong: expected sha256 ${expected}, got ${got}. ` +
        `Nothing was installed. Run again; if it stays so, the file was changed on its way or at its source.`,
    );
  }
  return file;
}

async function expectedSum(asset: ReleaseAsset, server: string): Promise<string> {
  const { checksum } = asset;
  switch (checksum.kind) {
    case "pinned":
      return checksum.sha256;
    case "published": {
      const sum = findSum(await fetchText(server + checksum.path), path.basename(asset.path));
      if (!sum) {
        throw new DownloadError(`${server + checksum.path} has no sha256 for ${path.basename(asset.path)}`);
      }
      return sum;
    }
    default:
      return checksum satisfies never;
  }
}

/** `<sha256>  <file>` a line; some lists write `*file` or `./file`. */
export function findSum(list: string, name: string): string | undefined {
  return list
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([sum, file]) => /^[0-9a-f]{64}$/.test(sum) && file?.replace(/^\*?(\.\/)?/, "") === name)?.[0];
}

/** Puts the asset's one wanted file at `target`, executable. */
export async function extractFile(
  { tool, asset, entry = "" }: ReleaseFile,
  file: string,
  target: string,
): Promise<void> {
  if (asset.format === "file") {
    await fs.copyFile(file, target);
  } else {
    // A folder of its own: Pulumi's archive holds `pulumi/pulumi`, and the target is named `pulumi`.
    const folder = `${target}.extracted`;
    await fs.mkdir(folder);
    await tar.extract({ file, cwd: folder, strict: true, filter: (name) => name.replace(/^\.\//, "") === entry });
    await fs.rename(path.join(folder, entry), target).catch(() => {
      throw new DownloadError(`${tool}: ${path.basename(asset.path)} holds no ${entry}`);
    });
    await fs.rm(folder, { recursive: true });
  }
  await fs.chmod(target, 0o755);
}
