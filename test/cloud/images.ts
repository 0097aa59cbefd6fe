import { appendFile, cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import { prepareDebianRoot, prepareNodeRoot } from "../hosts/debianRoots";
import { prepareRelease, type Release } from "./downloads";
import { buildkitVersions } from "./downloadsTools";
import { prepareArm64Ami } from "./imagesArm64";
import { amiFiles, dataSourceFile, dataSourcePatch, maskedInContainers, maskedUnits, quickFiles } from "./imagesFiles";

/** The AMIs of the tests' cloud: folders that machines boot from, shared by all runs; none writes to them. */
export type AmiName = "debian" | "node" | "node-arm64";

/** The folder of an AMI of x86 machines holds `root`, the tree that lies below each container's own. */
export const prepareAmi: Record<AmiName, () => Promise<string>> = {
  /** Debian's own. A node installs packages and BuildKit at its first boot. */
  debian: async () => {
    const tar = await prepareDebianRoot();
    const inputs = { tar, amiFiles, dataSourcePatch, maskedUnits, maskedInContainers };
    return cachedFolder("ami-debian", inputs, (folder) => makeContainerRoot(tar, join(folder, "root"), amiFiles));
  },
  /** Debian with all that a node installs, as somebody makes it who wants a short first boot. */
  node: async () => {
    const tar = await prepareNodeRoot("amd64");
    const release = await prepareRelease("linux/amd64");
    const files = { ...amiFiles, ...quickFiles };
    const inputs = { tar, release: release.folder, files, dataSourcePatch, maskedUnits, maskedInContainers };
    return cachedFolder("ami-node", inputs, async (folder) => {
      await makeContainerRoot(tar, join(folder, "root"), files);
      await addBuildkit(join(folder, "root"), release);
    });
  },
  /** The same for a kernel of its own on an emulated processor. */
  "node-arm64": async () =>
    prepareArm64Ami(await prepareRelease("linux/arm64"), {
      patchRoot,
      addBuildkit,
      files: { ...amiFiles, ...quickFiles },
    }),
};

async function makeContainerRoot(tar: string, root: string, files: Record<string, string>): Promise<void> {
  await patchRoot(tar, root, files);
  await maskUnits(root, maskedInContainers);
}

/** Unpacks the tar of a Debian system and makes it what an EC2 instance of the tests boots. */
async function patchRoot(tar: string, root: string, files: Record<string, string>): Promise<void> {
  await mkdir(root, { recursive: true });
  await execute(["tar", "--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", root, "-f", tar]);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await rm(join(root, name), { force: true });
    await writeFile(join(root, name), text);
  }
  await appendFile(join(root, dataSourceFile), dataSourcePatch);
  // Empty: made anew at the first boot, and nothing asks the questions of a first installation.
  await writeFile(join(root, "etc/machine-id"), "");
  await maskUnits(root, maskedUnits);
}

/** Where machine/archive.py puts this version, and looks for it; without the emulators, which it leaves out as well. */
async function addBuildkit(root: string, { folder, digests }: Release): Promise<void> {
  const target = join(root, "opt/buildkit", `${buildkitVersions.current}-${digests.current?.slice(0, 12)}`);
  await cp(join(folder, "unpacked/bin"), target, {
    recursive: true,
    filter: (source) => !basename(source).startsWith("buildkit-qemu-"),
  });
}

async function maskUnits(root: string, units: readonly string[]): Promise<void> {
  for (const unit of units) {
    const link = join(root, "etc/systemd/system", unit);
    await rm(link, { force: true });
    await symlink("/dev/null", link);
  }
}

export type PatchRoot = typeof patchRoot;
export type AddBuildkit = typeof addBuildkit;
