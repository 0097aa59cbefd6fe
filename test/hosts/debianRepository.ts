import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cachedFolder } from "./cachedFolder";
import { execute } from "./command";

/** What a node installs by itself. */
export const nodePackages = ["git", "iptables"];

/**
 * An apt repository with the packages that an x86 node installs and whatever they need that its system lacks.
 *
 * @param root the tar of that system
 * @see https://wiki.debian.org/DebianRepository/Format#Flat_Repository_Format
 */
export async function prepareRepository(root: string): Promise<string> {
  return cachedFolder("node-repository", { root, nodePackages }, async (folder) => {
    await fetchPackages(nodePackages, folder, root);
    const index = await Promise.all((await archivesIn(folder)).map((name) => indexEntry(folder, name)));
    await writeFile(join(folder, "Packages"), index.join("\n"));
  });
}

/** Installs all packages of the repository in a system, both of this machine's architecture. */
export async function installPackages(repository: string, root: string, target: string, folder: string): Promise<void> {
  const tree = join(folder, "root");
  await mkdir(tree);
  await execute(["tar", "--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", tree, "-f", root]);
  const archives = await archivesIn(repository);
  for (const name of archives) await copyFile(join(repository, name), join(tree, "tmp", name));
  const install = 'cd /tmp && DEBIAN_FRONTEND=noninteractive dpkg --force-unsafe-io --install "$@" && rm "$@"';
  await execute(["chroot", tree, "/bin/sh", "-euc", install, "sh", ...archives]);
  const keep = ["--numeric-owner", "--sort=name", "--xattrs", "--xattrs-include=*"];
  await execute(["tar", "--create", ...keep, "-C", tree, "-f", target, "."]);
  await rm(tree, { recursive: true });
}

/** Packages and what they need beyond what is in the root, from where that is. Nothing of this machine's own apt is touched. */
async function fetchPackages(wanted: readonly string[], folder: string, root: string): Promise<void> {
  const work = join(folder, "apt");
  for (const name of ["lists/partial", "archives/partial"]) await mkdir(join(work, name), { recursive: true });
  const inRoot = (file: string): Promise<string> => execute(["tar", "-xOf", root, file]);
  await writeFile(join(work, "sources.list"), await inRoot("./etc/apt/sources.list"));
  await writeFile(join(work, "status"), await inRoot("./var/lib/dpkg/status"));
  const settings = {
    "APT::Architecture": "amd64",
    "APT::Architectures": "amd64",
    "APT::Sandbox::User": "root",
    "Dir::State::status": join(work, "status"),
    "Dir::State::lists": join(work, "lists"),
    "Dir::Cache": work,
    "Dir::Cache::archives": join(work, "archives"),
    "Dir::Etc::sourcelist": join(work, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Debug::NoLocking": "true",
    // Containers are often told to throw packages away as soon as they are there.
    "Binary::apt-get::APT::Keep-Downloaded-Packages": "true",
    "DPkg::Post-Invoke": "",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const apt = (args: readonly string[]): Promise<string> =>
    execute(["apt-get", ...options, ...args], { timeoutMilliseconds: 300_000 });
  await apt(["update"]);
  await apt(["install", "--yes", "--download-only", "--no-install-recommends", ...wanted]);
  const archives = join(work, "archives");
  for (const name of await archivesIn(archives)) await rename(join(archives, name), join(folder, name));
  await rm(work, { recursive: true });
}

const archivesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith(".deb")).sort();

async function indexEntry(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  const fields = await execute(["dpkg-deb", "--field", file]);
  const digest = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return `${fields.trimEnd()}\nFilename: ./${name}\nSize: ${(await stat(file)).size}\nSHA256: ${digest}\n`;
}
