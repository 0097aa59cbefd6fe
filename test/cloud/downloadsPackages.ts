import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import { type AmiArchitecture, prepareAmiRoot } from "./imagesRoot";

// What a node installs by itself.
const packages = ["git", "iptables"];

/**
 * An apt repository with the packages that a node installs and whatever they need that the AMI lacks, for both
 * architectures in one folder.
 *
 * @see https://wiki.debian.org/DebianRepository/Format#Flat_Repository_Format
 */
export async function prepareRepository(): Promise<string> {
  const roots = { amd64: await prepareAmiRoot("amd64"), arm64: await prepareAmiRoot("arm64") };
  return cachedFolder("ami-repository", { roots, packages }, async (folder) => {
    for (const [architecture, root] of Object.entries(roots) as [AmiArchitecture, string][]) {
      await fetchPackages(architecture, packages, folder, root);
    }
    const files = (await readdir(folder)).filter((name) => name.endsWith(".deb")).sort();
    const index = await Promise.all(files.map((name) => indexEntry(folder, name)));
    await writeFile(join(folder, "Packages"), index.join("\n"));
  });
}

/** Debian's own runc, unpacked: the tools' one is linked against this machine's libraries, so is made for it alone. */
export async function prepareArm64Runc(): Promise<string> {
  const root = await prepareAmiRoot("arm64");
  const folder = await cachedFolder("runc-arm64", { root }, async (draft) => {
    await fetchPackages("arm64", ["runc"], draft, root);
    const [archive] = (await readdir(draft)).filter((name) => name.startsWith("runc_"));
    await execute(["dpkg-deb", "--extract", join(draft, archive), join(draft, "root")]);
  });
  return join(folder, "root/usr/sbin/runc");
}

/** Packages and what they need beyond what is in the root, from where that is. Nothing of this machine's own apt is touched. */
async function fetchPackages(
  architecture: AmiArchitecture,
  wanted: string[],
  folder: string,
  root: string,
): Promise<void> {
  const work = join(folder, `apt-${architecture}`);
  for (const name of ["lists/partial", "archives/partial"]) await mkdir(join(work, name), { recursive: true });
  const inRoot = (file: string): Promise<string> => execute(["tar", "-xOf", root, file]);
  await writeFile(join(work, "sources.list"), await inRoot("./etc/apt/sources.list"));
  await writeFile(join(work, "status"), await inRoot("./var/lib/dpkg/status"));
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
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
  const apt = (args: string[]): Promise<string> =>
    execute(["apt-get", ...options, ...args], { timeoutMilliseconds: 300_000 });
  await apt(["update"]);
  await apt(["install", "--yes", "--download-only", "--no-install-recommends", ...wanted]);
  const archives = join(work, "archives");
  for (const name of (await readdir(archives)).filter((file) => file.endsWith(".deb"))) {
    await rename(join(archives, name), join(folder, name));
  }
  await rm(work, { recursive: true });
}

async function indexEntry(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  const fields = await execute(["dpkg-deb", "--field", file]);
  const digest = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return `${fields.trimEnd()}\nFilename: ./${name}\nSize: ${(await stat(file)).size}\nSHA256: ${digest}\n`;
}
