import { type Platform, qemuNameOf } from "../../support/platforms";
import type { Ec2Platform } from "./arguments";

/** What EC2 calls a platform, and what a node for it is by default. */
interface Ec2PlatformFacts {
  /** In the words of EC2's API. */
  architecture: "arm64" | "x86_64";
  instanceType: string;
  /** The public parameter that holds the newest AMI of Debian 13. */
  amiParameter: string;
}

/** One row for each platform that EC2 has machines for. */
export const ec2Platforms: Record<Ec2Platform, Ec2PlatformFacts> = {
  "linux/arm64": {
    architecture: "arm64",
    instanceType: "m8g.large",
    amiParameter: "/aws/service/debian/release/13/latest/arm64",
  },
  "linux/amd64": {
    architecture: "x86_64",
    instanceType: "m7a.large",
    amiParameter: "/aws/service/debian/release/13/latest/amd64",
  },
};

/** Whether EC2 has machines of this platform. */
export function isEc2Platform(platform: string): platform is Ec2Platform {
  return Object.hasOwn(ec2Platforms, platform);
}

/**
 * The emulators in BuildKit's release archives (`buildkit-qemu-…`) that BuildKit uses. One that is beside it is for RUN
 * steps of a platform that it can't run, and it does not list that platform: so it takes no other node's work.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/solver/llbsolver/ops/exec_binfmt.go
 */
const emulators: readonly string[] = ["aarch64", "arm", "i386", "ppc64le", "riscv64", "s390x", "x86_64"];

/** Whether an EC2 node of the one platform runs programs of another under an emulator of its own. */
export function isEmulated(platform: Ec2Platform, other: Platform): boolean {
  // x86 runs these by itself.
  const isNative = platform === "linux/amd64" && (other === "linux/386" || other.startsWith("linux/amd64"));
  return !isNative && emulators.includes(qemuNameOf(other));
}

/** The emulators that a node needs for its further platforms, each once. */
export function emulatorsFor(platform: Ec2Platform, further: readonly Platform[]): string[] {
  const names = further.filter((other) => isEmulated(platform, other)).map(qemuNameOf);
  return [...new Set(names)].sort();
}
