import * as fs from "node:fs";
import * as path from "node:path";

import { execute } from "../../hosts/command";

const repository = path.resolve(__dirname, "../../..");

/** A repository with this checkout's files, as its author would commit them, and that commit. */
export async function checkOut(folder: string): Promise<string> {
  const git = (...args: string[]) => execute(["git", "-C", folder, ...args]);
  const files = await execute(["git", "-C", repository, "ls-files", "-coz", "--exclude-standard"]);
  for (const file of files.split("\0").filter((name) => name !== "" && name !== "node_modules")) {
    const from = path.join(repository, file);
    if (fs.existsSync(from)) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.copyFileSync(from, path.join(folder, file));
    }
  }
  await git("init", "--quiet");
  await git("add", "--all");
  await git("-c", "user.name=tests", "-c", "user.email=tests@example.com", "commit", "--quiet", "--message", "All");
  return (await git("rev-parse", "HEAD")).trim();
}

/**
 * Its packages as `npm install --omit=dev` puts them there. Copies, not links: npm writes into files of what it finds, and
 * these are this checkout's own.
 */
export async function installInto(folder: string): Promise<void> {
  const { packages } = JSON.parse(fs.readFileSync(path.join(folder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  const needed = Object.entries(packages)
    .filter(([name, { dev, devOptional, link }]) => name.startsWith("node_modules/") && !dev && !devOptional && !link)
    .map(([name]) => name)
    .filter((name) => name.lastIndexOf("node_modules/") === 0);
  for (const name of needed.filter((each) => fs.existsSync(path.join(repository, each)))) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    await execute(["cp", "--archive", "--reflink=auto", path.join(repository, name), path.join(folder, name)]);
  }
}

/** So that npm, in a HOME of its own, finds what this machine has fetched, and the machine's settings. */
export async function npmEnvironment(): Promise<NodeJS.ProcessEnv> {
  const setting = async (name: string) => (await execute(["npm", "config", "get", name])).trim();
  return {
    npm_config_cache: await setting("cache"),
    npm_config_userconfig: await setting("userconfig"),
    npm_config_prefer_offline: "true",
    // Scripts of other packages fetch plugins from the internet: https://docs.npmjs.com/cli/using-npm/config
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
