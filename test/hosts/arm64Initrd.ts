import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { execute } from "./command";

/** Lays out what qemu starts an arm64 Debian system with: its kernel, and an initrd that can mount its disk. */
export async function makeBootFiles(
  root: string,
  folder: string,
  options: { init: string; modules: readonly string[] },
): Promise<void> {
  const [version] = await readdir(join(root, "usr/lib/modules"));
  await execute(["depmod", "-b", root, version]);
  await copyFile(join(root, "boot", `vmlinuz-${version}`), join(folder, "vmlinuz"));
  const tree = join(folder, "initrd.tree");
  for (const name of ["bin", "dev", "disk", "modules", "proc", "sys"]) {
    await mkdir(join(tree, name), { recursive: true });
  }
  await copyFile(join(root, "usr/bin/busybox"), join(tree, "bin/busybox"));
  const said = await execute(["modprobe", "-d", root, "-S", version, "-a", "--show-depends", ...options.modules]);
  const files = [...new Set([...said.matchAll(/^insmod (\S+)/gm)].map(([, file]) => file))];
  const decompress = 'case "$1" in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac > "$2"';
  for (const [index, file] of files.entries()) {
    const name = `${String(index).padStart(2, "0")}-${basename(file, ".xz")}`;
    await execute(["sh", "-euc", decompress, "sh", file, join(tree, "modules", name)]);
  }
  await writeFile(join(tree, "init"), options.init, { mode: 0o755 });
  await execute(["sh", "-c", 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', "sh", tree, join(folder, "initrd")]);
  await rm(tree, { recursive: true });
}

/** Makes a disk of 8 GiB that holds this tree; most of it is a hole. */
export async function makeDisk(root: string, disk: string, label: string): Promise<void> {
  const lazy = "lazy_itable_init=1,lazy_journal_init=1";
  await execute(["mke2fs", "-q", "-t", "ext4", "-L", label, "-E", lazy, "-d", root, disk, "8G"]);
}
