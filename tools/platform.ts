/** What the tools are made for, in Go's words: an operating system and an architecture. */
export type ToolPlatform = "linux/amd64" | "linux/arm64" | "darwin/amd64" | "darwin/arm64";

const PLATFORMS: Readonly<Record<string, ToolPlatform>> = {
  "linux-x64": "linux/amd64",
  "linux-arm64": "linux/arm64",
  "darwin-x64": "darwin/amd64",
  "darwin-arm64": "darwin/arm64",
};

export const toolPlatforms = Object.values(PLATFORMS);

export function machinePlatform(): ToolPlatform {
  const machine = `${process.platform}-${process.arch}`;
  const platform = PLATFORMS[machine];
  if (!platform) {
    throw new Error(
      `No tools for this machine (${machine}): use Linux or macOS on x64 or arm64, one of ${Object.keys(PLATFORMS).join(", ")}.`,
    );
  }
  return platform;
}

export function splitPlatform(platform: ToolPlatform): { os: "linux" | "darwin"; arch: "amd64" | "arm64" } {
  const [os, arch] = platform.split("/") as ["linux" | "darwin", "amd64" | "arm64"];
  return { os, arch };
}
