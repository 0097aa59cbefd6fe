import { copyFile, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

import type { HostPlatform } from "./buildHost";
import { cachedFolder } from "./cachedFolder";
import { execute } from "./command";
import { prepareNodeRoot } from "./debianRoots";
import { writeLayout } from "./imageLayout";
import type { Registry } from "./registry";

const platforms: readonly HostPlatform[] = ["linux/amd64", "linux/arm64"];

/** What RUN steps of the tests call. */
const applets = [
  ...[
    "cat",
    "chmod",
    "cp",
    "cut",
    "date",
    "echo",
    "env",
    "false",
    "find",
    "grep",
    "head",
    "id",
    "ls",
    "mkdir",
    "mktemp",
  ],
  ...["mv", "nc", "od", "printf", "ps", "rm", "sed", "seq", "sh", "sha256sum", "sleep", "stat", "sync", "tail", "tar"],
  ...["test", "touch", "tr", "true", "uname", "wc", "wget"],
];

/** Of a system that boots, what a container has no use for. */
const leftOut = [
  ...["boot", "usr/lib/modules", "usr/lib/systemd", "usr/lib/udev", "usr/lib/*/systemd", "usr/lib/python3*"],
  ...["usr/lib/git-core", "usr/lib/*/perl", "usr/share/perl", "usr/share/zoneinfo", "usr/lib/*/gconv"],
  ...["var/lib/dpkg/info", "var/cache/*", "var/lib/apt/lists/*", "usr/share/bash-completion", "usr/share/git-core"],
].map((path) => `--exclude=./${path}`);

/**
 * Pushes a small multi-platform base image: a shell and some thirty programs, each of its platform.
 *
 * @returns its reference: `HOST:PORT/REPOSITORY:TAG`
 */
export async function pushBaseImage(
  registry: Pick<Registry, "host" | "certificateFolder">,
  image = "base:1",
): Promise<string> {
  return push(registry, await baseLayout(), image);
}

/** Pushes a real multi-platform base image, a Debian system for each platform. */
export async function pushDebianImage(
  registry: Pick<Registry, "host" | "certificateFolder">,
  image = "debian:trixie",
): Promise<string> {
  return push(registry, await debianLayout(), image);
}

/** An OCI image layout of the small image: no node has to build what nodes build upon. */
export async function baseLayout(): Promise<string> {
  const arm64 = await prepareNodeRoot("arm64");
  return cachedFolder("base-image", { arm64, applets }, async (folder) => {
    const programs: Record<HostPlatform, string> = {
      "linux/amd64": await nativeBusybox(join(folder, "native")),
      "linux/arm64": await busyboxOf(arm64, join(folder, "foreign")),
    };
    const layers = await Promise.all(
      platforms.map(async (platform) => ({ platform, tar: await layerOf(folder, platform, programs[platform]) })),
    );
    await writeLayout(folder, layers);
    for (const name of ["native", "foreign", ...platforms.map(folderOf)])
      await rm(join(folder, name), { recursive: true });
  });
}

/** The same of Debian. */
export async function debianLayout(): Promise<string> {
  const roots = { "linux/amd64": await prepareNodeRoot("amd64"), "linux/arm64": await prepareNodeRoot("arm64") };
  return cachedFolder("debian-image", { roots, leftOut }, async (folder) => {
    const layers = [];
    for (const platform of platforms)
      layers.push({ platform, tar: await withoutSystem(folder, platform, roots[platform]) });
    await writeLayout(folder, layers);
    await rm(join(folder, `${folderOf("linux/arm64")}.tar`));
  });
}

/** The x86 system of that image, as a tar. */
export async function debianTar(): Promise<string> {
  return join(await debianLayout(), `${folderOf("linux/amd64")}.tar`);
}

async function push(
  registry: Pick<Registry, "host" | "certificateFolder">,
  layout: string,
  image: string,
): Promise<string> {
  const reference = `${registry.host}/${image}`;
  const trust = ["--dest-cert-dir", registry.certificateFolder];
  await execute(["skopeo", "copy", "--quiet", "--all", ...trust, `oci:${layout}:base`, `docker://${reference}`]);
  return reference;
}

const folderOf = (platform: HostPlatform): string => platform.replace("/", "-");

async function nativeBusybox(folder: string): Promise<string> {
  await mkdir(folder);
  const script = 'cd "$1" && apt-get download busybox-static && dpkg-deb --extract busybox-static_*.deb .';
  await execute(["sh", "-euc", script, "sh", folder], { timeoutMilliseconds: 600_000 });
  return join(folder, "bin/busybox");
}

async function busyboxOf(root: string, folder: string): Promise<string> {
  await mkdir(folder);
  await execute(["tar", "--extract", "-C", folder, "-f", root, "./usr/bin/busybox"]);
  return join(folder, "usr/bin/busybox");
}

async function layerOf(folder: string, platform: HostPlatform, busybox: string): Promise<string> {
  const tree = join(folder, folderOf(platform));
  for (const name of ["bin", "tmp", "etc", "root", "proc", "sys", "dev"])
    await mkdir(join(tree, name), { recursive: true });
  await copyFile(busybox, join(tree, "bin/busybox"));
  for (const name of applets) await symlink("busybox", join(tree, "bin", name));
  return tarOf(tree, `${tree}.tar`);
}

async function withoutSystem(folder: string, platform: HostPlatform, root: string): Promise<string> {
  const tree = join(folder, folderOf(platform));
  await mkdir(tree);
  await execute(["tar", "--extract", "--numeric-owner", "--wildcards", ...leftOut, "-C", tree, "-f", root]);
  const tar = await tarOf(tree, `${tree}.tar`);
  await rm(tree, { recursive: true });
  return tar;
}

async function tarOf(tree: string, tar: string): Promise<string> {
  await execute(["tar", "--create", "--numeric-owner", "--sort=name", "-C", tree, "-f", tar, "."]);
  return tar;
}
