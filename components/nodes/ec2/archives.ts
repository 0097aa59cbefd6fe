import type { BuildkitReleaseArgs, Ec2Platform } from "./arguments";

const version = "0.33.1";

const checksums: Record<Ec2Platform, string> = {
  "linux/amd64": "4e044bcd62a0c0bbe6a8c94d73989de2bfe4c04dbc0f9d6021cf96b72cd1d965",
  "linux/arm64": "4e1ba91f139761f249a1fa6c71e632dfdbdafeda416176ecadefbb95225e56c4",
};

const archive = (platform: Ec2Platform) => ({
  url:
    `https://github.com/moby/buildkit/releases/download/v${version}/` +
    `buildkit-v${version}.${platform.replace("/", "-")}.tar.gz`,
  sha256: checksums[platform],
});

/** The BuildKit of nodes whose builder names none. */
export const defaultRelease: BuildkitReleaseArgs = {
  version,
  archives: { "linux/amd64": archive("linux/amd64"), "linux/arm64": archive("linux/arm64") },
};
