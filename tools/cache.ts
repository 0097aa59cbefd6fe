import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as lockfile from "proper-lockfile";
import type { Log } from "./progress";

/**
 * Runs `work` while holding the cache's lock of this name. A process that was killed leaves a lock that nobody renews:
 * after `stale` milliseconds the next one takes it over.
 */
export async function withLock<T>(cache: string, name: string, log: Log, work: () => Promise<T>): Promise<T> {
  await fs.mkdir(cache, { recursive: true });
  const file = path.join(cache, `${name}.lock`);
  const release = await acquire(file, log);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, log: Log): Promise<() => Promise<void>> {
  const started = Date.now();
  for (let announced = 0; ;) {
    try {
      return await lockfile.lock(file, {
        lockfilePath: file,
        realpath: false,
        stale: 10_000,
        update: 2_000,
        // What is made here becomes visible by one rename, so a lost lock costs work done twice, never a broken file.
        onCompromised: (error) => log(`the lock ${file} was lost: ${error.message}`),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") {
        throw error;
      }
    }
    if (Date.now() - announced > 4_000) {
      announced = Date.now();
      log(`waiting for another run that holds ${file}, ${Math.round((Date.now() - started) / 1000)} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const TEMPORARY = ".making-";

/** Fills a new folder with `make` and shows it under its final name only when it is complete. */
export async function publishFolder(final: string, make: (folder: string) => Promise<void>, group = ""): Promise<void> {
  const temporary = path.join(path.dirname(final), `${TEMPORARY}${group}-${randomBytes(6).toString("hex")}`);
  await fs.mkdir(temporary, { recursive: true });
  try {
    await make(temporary);
    await fs.rename(temporary, final).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") {
        throw error;
      }
    });
  } finally {
    await fs.rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what killed runs of this group left behind; call it with the group's lock held. */
export async function sweepUnfinished(folder: string, group = ""): Promise<void> {
  const names = await fs.readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(`${TEMPORARY}${group}-`))) {
    await fs.rm(path.join(folder, name), { recursive: true, force: true });
  }
}
