import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { HostPlatform } from "../hosts/buildHost";
import { cachedFolder } from "../hosts/cachedFolder";
import type { Authority } from "../hosts/certificates";
import { execute, waitUntil } from "../hosts/command";
import { prepareDebianRoot, prepareNodeRoot } from "../hosts/debianRoots";
import { prepareRepository } from "../hosts/debianRepository";
import { prepareEmulators } from "../hosts/emulator";
import { startProcess } from "../hosts/hostProcess";
import { hostTool, toolIdentity } from "../hosts/hostTools";
import type { TestRun } from "../hosts/testRun";
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
  readonly archives: Record<BuildkitVersion, Partial<Record<HostPlatform, ReleaseArchive>>>;
  /** Requests so far, one a line. */
  log(lines?: number): string;
  stop(): Promise<void>;
}

/** The release archives of one platform: arm64 machines are not upgraded in the tests. */
export interface Release {
  /** Holds the archives, and `unpacked` the programs of the current one. */
  folder: string;
  /** The SHA-256 of each archive. */
  digests: Partial<Record<BuildkitVersion, string>>;
}

const port = 8443;
const versionsOf: Record<HostPlatform, readonly BuildkitVersion[]> = {
  "linux/amd64": ["current", "next"],
  "linux/arm64": ["current"],
};

export async function startDownloads(
  run: TestRun,
  vpc: Vpc,
  authority: Authority,
  platforms: readonly HostPlatform[],
): Promise<Downloads> {
  const folder = join(run.folder, "downloads");
  await mkdir(folder, { recursive: true });
  await symlink(await prepareRepository(await prepareDebianRoot()), join(folder, "debian"));
  const url = `https://downloads.test:${port}`;
  const archives: Downloads["archives"] = { current: {}, next: {} };
  for (const platform of platforms) {
    const release = await prepareRelease(platform);
    const place = platform.replace("/", "-");
    await symlink(release.folder, join(folder, place));
    for (const version of versionsOf[platform]) {
      const sha256 = release.digests[version] ?? "";
      archives[version][platform] = { url: `${url}/${place}/${archiveName(version, platform)}`, sha256 };
    }
  }
  const { certificate, key } = await authority.issueServer({ names: ["downloads.test"] });
  const [certificateFile, keyFile] = [`${folder}.pem`, `${folder}-key.pem`];
  await writeFile(certificateFile, certificate);
  await writeFile(keyFile, key, { mode: 0o600 });
  const program = join(__dirname, "downloads/server.py");
  const command = ["python3", program, folder, vpc.servicesAddress, String(port), certificateFile, keyFile];
  const server = startProcess(run, vpc.enter(command), { log: `${folder}.log` });
  await waitUntil(
    `downloads at ${url}`,
    async () => {
      if (server.running) await execute(vpc.enter(["bash", "-c", `echo > /dev/tcp/${vpc.servicesAddress}/${port}`]));
    },
    { timeoutMilliseconds: 15_000 },
  );
  if (!server.running) throw new Error(`the downloads server ended at once: ${server.log()}`);
  return { versions: buildkitVersions, archives, log: (lines) => server.log(lines), stop: () => server.stop() };
}

const archiveName = (version: BuildkitVersion, platform: HostPlatform): string =>
  `buildkit-v${buildkitVersions[version]}.${platform.replace("/", "-")}.tar.gz`;

/** Archives as BuildKit publishes them, of programs that are built here. */
export async function prepareRelease(platform: HostPlatform): Promise<Release> {
  const runc = platform === "linux/amd64" ? await hostTool("runc") : await prepareNodeRoot("arm64");
  const programs = Object.fromEntries(
    await Promise.all(
      versionsOf[platform].map(async (version) => {
        const tools = await releaseTools(buildkitVersions[version], platform);
        return [version, Object.fromEntries(tools.map(({ name, path }) => [name, path]))] as const;
      }),
    ),
  ) as Partial<Record<BuildkitVersion, Record<string, string>>>;
  const inputs = { programs, runc, identity: await toolIdentity("runc"), layout: 3 };
  const emulator = join(await prepareEmulators(), "usr/bin/qemu-aarch64-static");
  const folder = await cachedFolder(`release-${platform.replace("/", "-")}`, inputs, async (draft) => {
    const digests: Release["digests"] = {};
    for (const version of versionsOf[platform]) {
      const bin = join(draft, version === "current" ? "unpacked" : version, "bin");
      await layOut(bin, programs[version] ?? {}, emulator);
      await layOutRunc(join(bin, "buildkit-runc"), runc);
      digests[version] = await writeArchive(join(draft, archiveName(version, platform)), bin);
    }
    await writeFile(join(draft, "digests.json"), JSON.stringify(digests));
  });
  const digests = JSON.parse(await readFile(join(folder, "digests.json"), "utf8")) as Release["digests"];
  return { folder, digests };
}

async function layOut(bin: string, programs: Record<string, string>, emulator: string): Promise<void> {
  await mkdir(bin, { recursive: true });
  for (const [program, file] of Object.entries(programs)) {
    await copyFile(file, join(bin, program));
    await chmod(join(bin, program), 0o755);
  }
  // The real archives bring emulators, which must not get onto a node's PATH unasked. BuildKit's own are patched to run
  // what a step's program starts, too; Debian's runs the program alone.
  await copyFile(emulator, join(bin, "buildkit-qemu-aarch64"));
  await writeFile(join(bin, "buildkit-qemu-x86_64"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}

/** The tools' own runc is linked against this machine's libraries, so it is made for it alone: arm64 has Debian's. */
async function layOutRunc(target: string, source: string): Promise<void> {
  if (source.endsWith(".tar")) {
    await execute(["sh", "-euc", 'tar --extract --to-stdout -f "$1" ./usr/sbin/runc > "$2"', "sh", source, target]);
  } else {
    await copyFile(source, target);
  }
  await chmod(target, 0o755);
}

/** @returns its SHA-256 */
async function writeArchive(archive: string, bin: string): Promise<string> {
  const pack = ["--use-compress-program=gzip -1", "--owner=0", "--group=0"];
  await execute(["tar", ...pack, "-C", join(bin, ".."), "-cf", archive, "bin"]);
  return createHash("sha256")
    .update(await readFile(archive))
    .digest("hex");
}
