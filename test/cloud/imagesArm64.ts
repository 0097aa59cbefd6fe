import { copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { makeBootFiles, makeDisk } from "../hosts/arm64Initrd";
import { cachedFolder } from "../hosts/cachedFolder";
import { prepareNodeRoot } from "../hosts/debianRoots";
import type { Release } from "./downloads";
import type { AddBuildkit, PatchRoot } from "./images";
import { arm64Files, arm64Init, arm64Links } from "./imagesArm64Files";
import { dataSourcePatch, maskedUnits } from "./imagesFiles";

// What the root needs until systemd can load more.
const modules = ["nvme", "ext4", "virtio_pci", "virtio_net"];

/** A disk with Debian's arm64 system and kernel, and what qemu starts that kernel with. */
export async function prepareArm64Ami(
  release: Release,
  { patchRoot, addBuildkit, files }: { patchRoot: PatchRoot; addBuildkit: AddBuildkit; files: Record<string, string> },
): Promise<string> {
  const tar = await prepareNodeRoot("arm64");
  const inputs = {
    tar,
    release: release.folder,
    files,
    dataSourcePatch,
    maskedUnits,
    arm64Files,
    arm64Links,
    modules,
    arm64Init,
  };
  return cachedFolder("ami-arm64", inputs, async (folder) => {
    const root = join(folder, "root");
    await patchRoot(tar, root, files);
    await copyFile(join(root, "etc/ssl/certs/ca-certificates.crt"), join(folder, "ca-certificates.crt"));
    await makeBootFiles(root, folder, { init: arm64Init, modules });
    // What only the making of it needs, and what Debian's AMI lacks.
    for (const name of ["boot", "usr/sbin/runc", "usr/bin/busybox"]) await rm(join(root, name), { recursive: true });
    await addArm64Files(root);
    await addBuildkit(root, release);
    await makeDisk(root, join(folder, "disk.img"), "root");
    await rm(root, { recursive: true });
  });
}

async function addArm64Files(root: string): Promise<void> {
  for (const path of Object.keys({ ...arm64Files, ...arm64Links })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
  }
  for (const [path, text] of Object.entries(arm64Files)) await writeFile(join(root, path), text);
  for (const [path, target] of Object.entries(arm64Links)) await symlink(target, join(root, path));
}
