import { copyFile, cp, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts/command";
import { bootstrapDebian } from "../hosts/debianSources";
import { arm64Files, arm64Init, arm64Links } from "./imagesArm64Files";
import { amiFiles, dataSourcePatch, maskedUnits } from "./imagesFiles";
import { amiSuite, leftOut, prepareAmiRoot } from "./imagesRoot";

// "cloud" is the kernel of Debian's own EC2 images. Its package's scripts would make an initrd with everything in it.
const packages = ["linux-image-cloud-arm64", "busybox-static"];
// What the root needs until systemd can load more.
const modules = ["nvme", "ext4", "virtio_pci", "virtio_net"];
const diskSize = "8G";

/** A disk with Debian's arm64 system and kernel, and what qemu starts that kernel with. */
export async function prepareArm64Ami(unpack: (tar: string, root: string) => Promise<void>): Promise<string> {
  const tar = await prepareAmiRoot("arm64");
  const system = { tar, amiFiles, dataSourcePatch, maskedUnits, arm64Files, arm64Links };
  const inputs = { ...system, packages, modules, diskSize, arm64Init };
  return cachedFolder("ami-arm64", inputs, async (folder) => {
    const [root, kernel] = [join(folder, "root"), join(folder, "kernel")];
    await unpack(tar, root);
    await copyFile(join(root, "etc/ssl/certs/ca-certificates.crt"), join(folder, "ca-certificates.crt"));
    const options = ["--variant=extract", "--arch=arm64", "--format=directory", `--include=${packages.join(",")}`];
    await bootstrapDebian([...options, ...leftOut], kernel, folder, undefined, amiSuite);
    const version = await addKernel(kernel, root);
    await copyFile(join(kernel, "boot", `vmlinuz-${version}`), join(folder, "vmlinuz"));
    await addArm64Files(root);
    await makeInitrd(root, version, join(kernel, "usr/bin/busybox"), join(folder, "initrd"));
    const disk = join(folder, "disk.img");
    const lazy = "lazy_itable_init=1,lazy_journal_init=1";
    await execute(["mke2fs", "-q", "-t", "ext4", "-L", "root", "-E", lazy, "-d", root, disk, diskSize]);
    for (const tree of [root, kernel]) await rm(tree, { recursive: true });
  });
}

/** @returns the kernel's version */
async function addKernel(kernel: string, root: string): Promise<string> {
  const folder = "usr/lib/modules";
  const [version] = await readdir(join(kernel, folder));
  await cp(join(kernel, folder), join(root, folder), { recursive: true });
  await execute(["depmod", "-b", root, version]);
  return version;
}

async function addArm64Files(root: string): Promise<void> {
  for (const path of Object.keys({ ...arm64Files, ...arm64Links })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
  }
  for (const [path, text] of Object.entries(arm64Files)) await writeFile(join(root, path), text);
  for (const [path, target] of Object.entries(arm64Links)) await symlink(target, join(root, path));
}

async function makeInitrd(root: string, version: string, busybox: string, initrd: string): Promise<void> {
  const tree = `${initrd}.tree`;
  for (const name of ["bin", "dev", "disk", "modules", "proc", "sys"]) {
    await mkdir(join(tree, name), { recursive: true });
  }
  await copyFile(busybox, join(tree, "bin/busybox"));
  const said = await execute(["modprobe", "-d", root, "-S", version, "-a", "--show-depends", ...modules]);
  const files = [...new Set([...said.matchAll(/^insmod (\S+)/gm)].map(([, file]) => file))];
  const decompress = 'case "$1" in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac > "$2"';
  for (const [index, file] of files.entries()) {
    const name = `${String(index).padStart(2, "0")}-${basename(file, ".xz")}`;
    await execute(["sh", "-euc", decompress, "sh", file, join(tree, "modules", name)]);
  }
  await writeFile(join(tree, "init"), arm64Init, { mode: 0o755 });
  await execute(["sh", "-c", 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', "sh", tree, initrd]);
  await rm(tree, { recursive: true });
}
