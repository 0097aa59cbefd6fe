import { readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { initScript, nodeScript } from "./arm64Scripts";
import { cachedFolder } from "./cachedFolder";
import { execute } from "./command";
import { bootstrapDebian, debianSuite } from "./debianSources";
import { hostTool, toolIdentity } from "./hostTools";

/** Files that qemu boots the arm64 machine from, shared by all runs: none writes to them. */
export interface Arm64Image {
  kernel: string;
  initrd: string;
  disk: string;
}

// "cloud" is the kernel without drivers of real devices. No package's scripts are run, so no foreign code is.
const packages = ["linux-image-cloud-arm64", "busybox-static", "runc", "ca-certificates"];
const modules = ["virtio_pci", "virtio_blk", "virtio_net", "overlay"];
const diskSize = "8G";

export async function prepareArm64Image(): Promise<Arm64Image> {
  const tools = await Promise.all(
    (["buildkitd", "buildctl"] as const).map((name) => toolIdentity(name, "linux/arm64")),
  );
  const inputs = { debianSuite, packages, modules, diskSize, initScript, nodeScript, tools };
  const folder = await cachedFolder("arm64-machine", inputs, makeImage);
  return { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd"), disk: join(folder, "disk.img") };
}

async function makeImage(folder: string): Promise<void> {
  const root = join(folder, "root");
  const options = ["--variant=extract", "--arch=arm64", "--format=directory", `--include=${packages.join(",")}`];
  await bootstrapDebian(options, root, folder);
  const boot = await readdir(join(root, "boot"));
  const kernel = boot.find((name) => name.startsWith("vmlinuz-"));
  if (!kernel) throw new Error(`${packages[0]} holds no /boot/vmlinuz-*, only ${boot.join(", ")}`);
  await copyFile(join(root, "boot", kernel), join(folder, "vmlinuz"));
  await makeInitrd(root, join(folder, "initrd"));
  await makeDisk(root, join(folder, "disk.img"));
  await rm(root, { recursive: true });
}

async function makeInitrd(root: string, initrd: string): Promise<void> {
  const tree = `${initrd}.tree`;
  for (const name of ["bin", "dev", "disk", "modules", "proc", "sys"])
    await mkdir(join(tree, name), { recursive: true });
  await copyFile(join(root, "bin/busybox"), join(tree, "bin/busybox"));
  const files = await moduleFiles(join(root, "lib/modules"));
  const order = loadOrder(files);
  for (const [index, name] of order.entries()) {
    const file = files.get(name) as string;
    await copyFile(file, join(tree, "modules", `${String(index).padStart(2, "0")}-${basename(file)}`));
  }
  await writeFile(join(tree, "init"), initScript, { mode: 0o755 });
  await execute(["sh", "-c", 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', "sh", tree, initrd]);
  await rm(tree, { recursive: true });
}

async function makeDisk(root: string, disk: string): Promise<void> {
  for (const name of ["boot", "lib/modules", "usr/share/doc", "usr/share/man", "usr/share/locale"]) {
    await rm(join(root, name), { recursive: true, force: true });
  }
  for (const name of ["dev", "etc/node", "proc", "run", "sys", "tmp", "var/lib/buildkit"]) {
    await mkdir(join(root, name), { recursive: true });
  }
  for (const name of ["buildkitd", "buildctl"] as const) {
    await copyFile(await hostTool(name, "linux/arm64"), join(root, "usr/bin", name));
    await chmod(join(root, "usr/bin", name), 0o755);
  }
  await writeFile(join(root, "sbin/node"), nodeScript, { mode: 0o755 });
  await execute([
    "mke2fs",
    "-q",
    "-t",
    "ext4",
    "-E",
    "lazy_itable_init=1,lazy_journal_init=1",
    "-d",
    root,
    disk,
    diskSize,
  ]);
}

async function moduleFiles(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true });
  const files = entries.filter((name) => name.endsWith(".ko")).map((name) => join(folder, name));
  return new Map(files.map((file) => [moduleName(basename(file, ".ko")), file]));
}

/** What a module needs comes before it. The package holds no modules.dep: depmod would write it on installation. */
function loadOrder(files: Map<string, string>): string[] {
  const order: string[] = [];
  const add = (name: string): void => {
    const file = files.get(name);
    if (order.includes(name) || !file) return;
    const depends = /\0depends=([^\0]*)\0/.exec(readFileSync(file, "latin1"))?.[1] ?? "";
    depends.split(",").filter(Boolean).map(moduleName).forEach(add);
    order.push(name);
  };
  modules.forEach(add);
  const missing = modules.filter((name) => !order.includes(name));
  if (missing.length > 0) throw new Error(`${packages[0]} lacks the modules ${missing.join(", ")}`);
  return order;
}

const moduleName = (name: string): string => name.replaceAll("-", "_");
