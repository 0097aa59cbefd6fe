import { appendFile, mkdir, symlink, writeFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import { prepareArm64Ami } from "./imagesArm64";
import { amiFiles, dataSourceFile, dataSourcePatch, maskedInContainers, maskedUnits } from "./imagesFiles";
import { prepareAmiRoot } from "./imagesRoot";

/** The AMIs of the tests' cloud: folders that machines boot from, shared by all runs; none writes to them. */
export interface AmiFolders {
  /** Holds `root`, the tree that lies below each container's own. */
  amd64: string;
  /** Holds `vmlinuz`, `initrd` and `disk.img`. */
  arm64: string;
}

export async function prepareImages(): Promise<AmiFolders> {
  const amd64 = await prepareAmd64Ami();
  return { amd64, arm64: await prepareArm64Ami(patchRoot) };
}

export async function prepareAmd64Ami(): Promise<string> {
  const tar = await prepareAmiRoot("amd64");
  const inputs = { tar, amiFiles, dataSourcePatch, maskedUnits, maskedInContainers };
  return cachedFolder("ami-amd64", inputs, async (folder) => {
    const root = join(folder, "root");
    await patchRoot(tar, root);
    await maskUnits(root, maskedInContainers);
  });
}

/** Unpacks the tar of a Debian system and makes it what an EC2 instance of the tests boots. */
export async function patchRoot(tar: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  await execute(["tar", "--extract", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", root, "-f", tar]);
  for (const [name, text] of Object.entries(amiFiles)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await rm(join(root, name), { force: true });
    await writeFile(join(root, name), text);
  }
  await appendFile(join(root, dataSourceFile), dataSourcePatch);
  // Empty: made anew at the first boot, and nothing asks the questions of a first installation.
  await writeFile(join(root, "etc/machine-id"), "");
  await maskUnits(root, maskedUnits);
}

async function maskUnits(root: string, units: string[]): Promise<void> {
  for (const unit of units) {
    const link = join(root, "etc/systemd/system", unit);
    await rm(link, { force: true });
    await symlink("/dev/null", link);
  }
}
