import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { makeBootFiles, makeDisk } from "./arm64Initrd";
import { initScript, nodeScript } from "./arm64Scripts";
import { cachedFolder } from "./cachedFolder";
import { execute } from "./command";
import { prepareNodeRoot } from "./debianRoots";
import { hostTool, toolIdentity } from "./hostTools";

/** Files that qemu boots the arm64 machine from, shared by all runs: none writes to them. */
export interface Arm64Image {
  kernel: string;
  initrd: string;
  disk: string;
}

const modules = ["virtio_pci", "virtio_blk", "virtio_net", "ext4", "overlay"];

/** Of a Debian system, what a machine has no use for whose only program is BuildKit. */
const leftOut = ["usr/lib/systemd", "usr/lib/python3*", "usr/lib/git-core", "usr/share", "var/cache", "var/lib/dpkg"];

export async function prepareArm64Image(): Promise<Arm64Image> {
  const tools = await Promise.all(
    (["buildkitd", "buildctl"] as const).map((name) => toolIdentity(name, "linux/arm64")),
  );
  const tar = await prepareNodeRoot("arm64");
  const inputs = { tar, modules, leftOut, initScript, nodeScript, tools };
  const folder = await cachedFolder("arm64-machine", inputs, (draft) => makeImage(tar, draft));
  return { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd"), disk: join(folder, "disk.img") };
}

async function makeImage(tar: string, folder: string): Promise<void> {
  const root = join(folder, "root");
  await mkdir(root);
  const without = leftOut.map((path) => `--exclude=./${path}`);
  await execute(["tar", "--extract", "--numeric-owner", "--wildcards", ...without, "-C", root, "-f", tar]);
  await makeBootFiles(root, folder, { init: initScript, modules });
  for (const name of ["boot", "usr/lib/modules"]) await rm(join(root, name), { recursive: true });
  for (const name of ["etc/node", "var/lib/buildkit"]) await mkdir(join(root, name), { recursive: true });
  for (const name of ["buildkitd", "buildctl"] as const) {
    await copyFile(await hostTool(name, "linux/arm64"), join(root, "usr/bin", name));
    await chmod(join(root, "usr/bin", name), 0o755);
  }
  await writeFile(join(root, "usr/sbin/node"), nodeScript, { mode: 0o755 });
  await makeDisk(root, join(folder, "disk.img"), "node");
  await rm(root, { recursive: true });
}
