/**
 * A platform of an image, as `docker buildx build --platform` spells it. BuildKit's nodes are Linux, so these are all
 * that a node can serve.
 */
export type Platform =
  | "linux/386"
  | "linux/amd64"
  | "linux/amd64/v2"
  | "linux/amd64/v3"
  | "linux/arm/v6"
  | "linux/arm/v7"
  | "linux/arm64"
  | "linux/loong64"
  | "linux/mips64"
  | "linux/mips64le"
  | "linux/ppc64le"
  | "linux/riscv64"
  | "linux/s390x";

/** A platform in the words of an OCI index. */
export interface OciPlatform {
  os: string;
  architecture: string;
  variant?: string;
}

interface PlatformFacts extends OciPlatform {
  /** What QEMU calls the architecture: https://github.com/tonistiigi/binfmt#uninstalling-emulators */
  qemuName: string;
  /** `process.arch` of a machine on which this platform is native. */
  nodeArchitecture?: string;
}

const platformFacts: Record<Platform, PlatformFacts> = {
  "linux/386": { os: "linux", architecture: "386", qemuName: "i386", nodeArchitecture: "ia32" },
  "linux/amd64": { os: "linux", architecture: "amd64", qemuName: "x86_64", nodeArchitecture: "x64" },
  "linux/amd64/v2": { os: "linux", architecture: "amd64", qemuName: "x86_64", variant: "v2" },
  "linux/amd64/v3": { os: "linux", architecture: "amd64", qemuName: "x86_64", variant: "v3" },
  "linux/arm/v6": { os: "linux", architecture: "arm", qemuName: "arm", variant: "v6" },
  "linux/arm/v7": { os: "linux", architecture: "arm", qemuName: "arm", variant: "v7", nodeArchitecture: "arm" },
  "linux/arm64": { os: "linux", architecture: "arm64", qemuName: "aarch64", nodeArchitecture: "arm64" },
  "linux/loong64": { os: "linux", architecture: "loong64", qemuName: "loongarch64", nodeArchitecture: "loong64" },
  "linux/mips64": { os: "linux", architecture: "mips64", qemuName: "mips64" },
  "linux/mips64le": { os: "linux", architecture: "mips64le", qemuName: "mips64el" },
  "linux/ppc64le": { os: "linux", architecture: "ppc64le", qemuName: "ppc64le", nodeArchitecture: "ppc64" },
  "linux/riscv64": { os: "linux", architecture: "riscv64", qemuName: "riscv64", nodeArchitecture: "riscv64" },
  "linux/s390x": { os: "linux", architecture: "s390x", qemuName: "s390x", nodeArchitecture: "s390x" },
};

/** Every platform that this library knows. */
export const allPlatforms = Object.keys(platformFacts) as Platform[];

/** The platforms of an image that names none. */
export const defaultPlatforms: readonly Platform[] = ["linux/amd64", "linux/arm64"];

// Other spellings of the same platform: https://github.com/containerd/platforms/blob/main/database.go
const otherSpellings: Record<string, Platform> = {
  "linux/arm": "linux/arm/v7",
  "linux/armhf": "linux/arm/v7",
  "linux/armel": "linux/arm/v6",
  "linux/arm64/v8": "linux/arm64",
  "linux/aarch64": "linux/arm64",
  "linux/x86_64": "linux/amd64",
  "linux/x86-64": "linux/amd64",
  "linux/amd64/v1": "linux/amd64",
  "linux/i386": "linux/386",
};

/** The platform that the text names, in its one normal spelling, or undefined. */
export function parsePlatform(text: string): Platform | undefined {
  if (Object.hasOwn(platformFacts, text)) {
    return text as Platform;
  }
  return Object.hasOwn(otherSpellings, text) ? otherSpellings[text] : undefined;
}

/** Whether a value from elsewhere is a platform in its one normal spelling. */
export function isPlatform(value: unknown): value is Platform {
  return typeof value === "string" && parsePlatform(value) === value;
}

/** Whether it is a list of such. */
export function isPlatformList(value: unknown): value is Platform[] {
  return Array.isArray(value) && value.every(isPlatform);
}

/** An OCI platform as text, in its normal spelling where it is one that we know: `linux/arm64`. */
export function formatPlatform(platform: OciPlatform): string {
  const text = [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
  return parsePlatform(text) ?? text;
}

/** The platform in the words of an OCI index, as buildx keeps it in its store. */
export function ociPlatform(platform: Platform): OciPlatform {
  const { os, architecture, variant } = platformFacts[platform];
  return variant ? { architecture, os, variant } : { architecture, os };
}

/**
 * The name that a node gets from its platform: `arm64`, `arm-v7`, and `arm64-2` for the second of one platform. Names are
 * kept, so that what others are before it in a builder's list changes none.
 */
export function nodeNameOf(platform: Platform, number = 1): string {
  const name = platform.slice("linux/".length).replace("/", "-");
  return number === 1 ? name : `${name}-${number}`;
}

/** Whether a machine whose `process.arch` this is runs programs of the platform without an emulator. */
export function isNativeOn(platform: Platform, nodeArchitecture: string): boolean {
  return platformFacts[platform].nodeArchitecture === nodeArchitecture;
}

/** What QEMU calls a platform's architecture: the end of its handlers' and emulators' names. */
export function qemuNameOf(platform: Platform): string {
  return platformFacts[platform].qemuName;
}
