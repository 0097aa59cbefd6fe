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
    instanceType: "c8g.xlarge",
    amiParameter: "/aws/service/debian/release/13/latest/arm64",
  },
  "linux/amd64": {
    architecture: "x86_64",
    instanceType: "c7a.xlarge",
    amiParameter: "/aws/service/debian/release/13/latest/amd64",
  },
};

/** Whether EC2 has machines of this platform. */
export function isEc2Platform(platform: string): platform is Ec2Platform {
  return Object.hasOwn(ec2Platforms, platform);
}
