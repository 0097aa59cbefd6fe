import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import type { HostPlatform } from "../hosts/buildHost";
import { cachedFolder } from "../hosts/cachedFolder";
import type { Authority } from "../hosts/certificates";
import { execute, waitUntil } from "../hosts/command";
import { prepareEmulators } from "../hosts/emulator";
import { startProcess } from "../hosts/hostProcess";
import { hostTool, toolIdentity } from "../hosts/hostTools";
import type { TestRun } from "../hosts/testRun";
import { prepareArm64Runc, prepareRepository } from "./downloadsPackages";
import { buildkitVersions, releaseTools } from "./downloadsTools";
import type { Vpc } from "./vpc";

export interface ReleaseArchive {
  url: string;
  sha256: string;
}

export type BuildkitVersion = keyof typeof buildkitVersions;

/** What instances download: BuildKit's release archives over TLS, packages by the name that Debian's AMIs use. */
export interface Downloads {
  readonly versions: typeof buildkitVersions;
  readonly archives: Record<BuildkitVersion, Record<HostPlatform, ReleaseArchive>>;
  /** Requests so far, one a line. */
  log(lines?: number): string;
  stop(): Promise<void>;
}

const port = 8443;
const platforms: HostPlatform[] = ["linux/amd64", "linux/arm64"];

export async function startDownloads(run: TestRun, vpc: Vpc, authority: Authority): Promise<Downloads> {
  const release = await prepareRelease();
  const folder = join(run.folder, "downloads");
  await mkdir(folder, { recursive: true });
  await symlink(await prepareRepository(), join(folder, "debian"));
  await symlink(release.folder, join(folder, "buildkit"));
  const { certificate, key } = await authority.issueServer({ names: ["downloads.test"] });
  const [certificateFile, keyFile] = [`${folder}.pem`, `${folder}-key.pem`];
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  const program = join(__dirname, "downloads/server.py");
  const command = ["python3", program, folder, vpc.servicesAddress, String(port), certificateFile, keyFile];
  const server = startProcess(run, vpc.enter(command), { log: `${folder}.log` });
  const url = `https://downloads.test:${port}`;
  await waitUntil(
    `downloads at ${url}`,
    async () => {
      if (server.running) await execute(vpc.enter(["bash", "-c", `echo > /dev/tcp/${vpc.servicesAddress}/${port}`]));
    },
    { timeoutMilliseconds: 15_000 },
  );
  if (!server.running) throw new Error(`the downloads server ended at once: ${server.log()}`);
  const archivesOf = (version: string): Record<HostPlatform, ReleaseArchive> => {
    const archive = (platform: HostPlatform): ReleaseArchive => {
      const name = archiveName(version, platform);
      return { url: `${url}/buildkit/${name}`, sha256: release.digests[name] };
    };
    return { "linux/amd64": archive("linux/amd64"), "linux/arm64": archive("linux/arm64") };
  };
  return {
    versions: buildkitVersions,
    archives: { current: archivesOf(buildkitVersions.current), next: archivesOf(buildkitVersions.next) },
    log: (lines) => server.log(lines),
    stop: () => server.stop(),
  };
}

const archiveName = (version: string, platform: HostPlatform): string =>
  `buildkit-v${version}.${platform.replace("/", "-")}.tar.gz`;

/** Archives as BuildKit publishes them, of programs that are built here. */
export async function prepareRelease(): Promise<{ folder: string; digests: Record<string, string> }> {
  const runc = { "linux/amd64": await hostTool("runc"), "linux/arm64": await prepareArm64Runc() };
  const archives: { name: string; files: [string, string][] }[] = [];
  for (const version of Object.values(buildkitVersions)) {
    for (const platform of platforms) {
      const tools = await releaseTools(version, platform);
      const files = tools.map(({ name, path }): [string, string] => [name, path]);
      archives.push({
        name: archiveName(version, platform),
        files: [...files, ["buildkit-runc", runc[platform]]],
      });
    }
  }
  const inputs = { archives, runc: await toolIdentity("runc"), layout: 2 };
  const emulator = join(await prepareEmulators(), "usr/bin/qemu-aarch64-static");
  const folder = await cachedFolder("buildkit-release", inputs, async (draft) => {
    const digests: Record<string, string> = {};
    for (const { name, files } of archives) digests[name] = await writeArchive(draft, name, files, emulator);
    await writeFile(join(draft, "digests.json"), JSON.stringify(digests));
  });
  const digests = JSON.parse(await readFile(join(folder, "digests.json"), "utf8")) as Record<string, string>;
  return { folder, digests };
}

/** @returns its SHA-256 */
async function writeArchive(
  folder: string,
  name: string,
  files: [string, string][],
  emulator: string,
): Promise<string> {
  const tree = join(folder, `${basename(name)}.tree`);
  const bin = join(tree, "bin");
  await mkdir(bin, { recursive: true });
  for (const [program, file] of files) {
    await copyFile(file, join(bin, program));
    await chmod(join(bin, program), 0o755);
  }
  // The real archives bring emulators, which must not get onto a node's PATH unasked. BuildKit's own are patched to run
  // what a step's program starts, too; Debian's runs the program alone.
  await copyFile(emulator, join(bin, "buildkit-qemu-aarch64"));
  await writeFile(join(bin, "buildkit-qemu-x86_64"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const archive = join(folder, name);
  await execute(["tar", "--use-compress-program=gzip -1", "-C", tree, "--owner=0", "--group=0", "-cf", archive, "bin"]);
  await rm(tree, { recursive: true });
  return createHash("sha256")
    .update(await readFile(archive))
    .digest("hex");
}
