import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { release } from "node:os";
import { delimiter, join } from "node:path";

import { groupsProblem } from "./controlGroups";

/** What a test may need of the machine beyond the tools. */
export type HostPart =
  | "namespaces"
  | "emulation"
  | "arm64 machine"
  | "debian roots"
  | "docker engine"
  | "ssh"
  | "skopeo"
  | "python"
  | "go"
  | "account"
  | "cloud"
  | "arm64 cloud"
  | "kubernetes"
  | "faked clock";

// Debian has it; elsewhere its packages can't be checked without.
const debianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** A program or file, and the Debian package that brings it. */
const programs: Record<HostPart, Record<string, string>> = {
  namespaces: { ip: "iproute2", nft: "nftables", nsenter: "util-linux", unshare: "util-linux", setpriv: "util-linux" },
  emulation: { "apt-get": "apt", "dpkg-deb": "dpkg" },
  "arm64 machine": {
    "qemu-system-aarch64": "qemu-system-arm",
    mmdebstrap: "mmdebstrap",
    [debianKeys]: "debian-archive-keyring",
    mke2fs: "e2fsprogs",
    cpio: "cpio",
  },
  "debian roots": { mmdebstrap: "mmdebstrap", skopeo: "skopeo", [debianKeys]: "debian-archive-keyring" },
  // dockerd's own library comes with dmsetup; the engine itself is unpacked, not installed: see dockerEngine.ts.
  "docker engine": { dmsetup: "dmsetup", curl: "curl" },
  ssh: { sshd: "openssh-server", ssh: "openssh-client", "ssh-keygen": "openssh-client" },
  skopeo: { skopeo: "skopeo", curl: "curl" },
  python: { python3: "python3" },
  go: { go: "golang-go" },
  account: {},
  cloud: {
    "systemd-nspawn": "systemd-container",
    losetup: "mount",
    debugfs: "e2fsprogs",
    depmod: "kmod",
    xz: "xz-utils",
  },
  "arm64 cloud": {},
  // Its programs are built from their modules, and the first one of a pod from C.
  kubernetes: { go: "golang-go", gcc: "gcc", curl: "curl", umount: "mount" },
  "faked clock": { faketime: "faketime" },
};

const needs: Record<HostPart, HostPart[]> = {
  namespaces: [],
  emulation: ["namespaces"],
  "arm64 machine": ["namespaces"],
  "debian roots": ["emulation"],
  "docker engine": ["debian roots"],
  ssh: ["namespaces"],
  skopeo: [],
  python: [],
  go: [],
  account: ["namespaces", "python"],
  cloud: ["account", "emulation"],
  "arm64 cloud": ["cloud", "arm64 machine"],
  kubernetes: ["account", "debian roots"],
  "faked clock": [],
};

export const hostParts = Object.keys(programs) as HostPart[];

/** Of these something is made once on a machine (test/prepare.ts), in this order. */
export const preparedParts: readonly HostPart[] = [
  ...(["account", "debian roots", "cloud", "docker engine", "arm64 machine", "arm64 cloud", "kubernetes"] as const),
];

/** With these, whole machines boot. */
export const machineParts: readonly HostPart[] = ["arm64 machine", "cloud", "arm64 cloud"];

/** The packages that bring every program named here, for the step that installs them. */
export const hostPackages = [...new Set(hostParts.flatMap((part) => Object.values(programs[part])))]
  .filter((name) => name !== "apt" && name !== "dpkg")
  .sort();

/** Why the machine can't serve these parts: one reason each, with its remedy. None: it can. */
export function missingRequirements(parts: HostPart[] = hostParts): string[] {
  const all = [...new Set(parts.flatMap((part) => [part, ...withNeeds(part)]))];
  const reasons = all.flatMap((part) => missingOf(part));
  return [...new Set(reasons)];
}

/** Skips a test or all of a suite, which mocha counts, and says why. */
export function skipWithout(context: Mocha.Context, parts: HostPart[]): void {
  const reasons = missingRequirements(parts);
  if (reasons.length > 0) {
    process.stdout.write(`skipped: ${reasons.join("; ")}\n`);
    context.skip();
  }
}

function missingOf(part: HostPart): string[] {
  const reasons: string[] = [];
  if (part === "namespaces") {
    if (process.platform !== "linux") reasons.push(`needs Linux, this is ${process.platform}: run the tests on Linux`);
    if (process.getuid?.() !== 0) reasons.push("needs root: run the tests as root");
    for (const handler of ["qemu-aarch64", "qemu-x86_64"].map((name) => `/proc/sys/fs/binfmt_misc/${name}`)) {
      if (!existsSync(handler)) continue;
      reasons.push(`has an emulator, which every node would list (${handler}): remove it by "echo -1 > ${handler}"`);
    }
  }
  if (part === "emulation" && process.platform === "linux" && !isAtLeast(release(), 6, 7)) {
    reasons.push(`needs Linux 6.7 or newer for emulators of its own, this is ${release()}: update the kernel`);
  }
  const groups = part === "kubernetes" ? groupsProblem() : undefined;
  if (groups) {
    reasons.push(groups);
  }
  // Debian's python3 comes without it, and it is no program that could be looked for.
  if (part === "python" && isThere("python3") && spawnSync("python3", ["-c", "import ensurepip, venv"]).status !== 0) {
    reasons.push("needs Python's venv: install the package python3-venv");
  }
  for (const [program, brought] of Object.entries(programs[part])) {
    if (!isThere(program)) reasons.push(`needs ${program}: install the package ${brought}`);
  }
  return reasons;
}

const withNeeds = (part: HostPart): HostPart[] => needs[part].flatMap((other) => [other, ...withNeeds(other)]);

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor, ownMinor] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}
