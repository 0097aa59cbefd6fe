import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { cacheDirectory } from "../../tools";
import { publishFolder, sweepUnfinished, withLock } from "../../tools/cache";
import { say, withProgress } from "../../tools/progress";

/**
 * A folder that is made once on a machine for these `inputs`, outside of every checkout. Runs that start at once wait for
 * the one that makes it; what was made only in part is never seen.
 */
export async function cachedFolder(
  name: string,
  inputs: unknown,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
  const folder = join(cacheDirectory(), "test", `${name}-${key}`);
  if (!existsSync(folder)) {
    await withLock(join(cacheDirectory(), "test", "locks"), name, say, async () => {
      if (existsSync(folder)) return;
      await sweepUnfinished(dirname(folder), name);
      await removeUnused(name, folder);
      const title = `tests: ${basename(folder)}, made once on this machine`;
      await withProgress(title, () => publishFolder(folder, make, name));
    });
  }
  await utimes(folder, new Date(), new Date());
  return folder;
}

/** A disk full of versions that no checkout asks for any more helps nobody. */
async function removeUnused(name: string, folder: string): Promise<void> {
  const month = 30 * 24 * 3_600_000;
  const version = new RegExp(`^${name}-[0-9a-f]{16}$`);
  for (const entry of await readdir(dirname(folder)).catch(() => [])) {
    const path = join(dirname(folder), entry);
    if (version.test(entry) && Date.now() - (await stat(path)).mtimeMs > month) await rm(path, { recursive: true });
  }
}
