import { formatPlatform, type OciPlatform } from "../support/platforms";

const leastArmVersion = 5;

/** A platform's text in its one normal spelling, also of those that no node of ours has. */
export function normalPlatform({ os, architecture, variant = "" }: OciPlatform): string {
  const version = /^\d+$/.test(variant) ? `v${variant}` : variant;
  return formatPlatform({
    os: os.toLowerCase(),
    architecture: architecture.toLowerCase(),
    variant: version.toLowerCase(),
  });
}

/**
 * All that BuildKit takes of an index for a platform, the best first: an older variant, or the 32-bit architecture. Nothing
 * for a platform whose rules are not known here.
 *
 * @see https://github.com/containerd/platforms/blob/v1.0.0-rc.5/compare.go
 */
export function acceptedPlatforms(platform: string): string[] | undefined {
  const [os, architecture, variant = ""] = platform.split("/");
  const version = Number(/^v(\d+)$/.exec(variant)?.[1] ?? 0);
  if (variant !== "" && version === 0) {
    return undefined;
  }
  switch (architecture) {
    case "amd64":
      return [...versions(`${os}/amd64`, version, 2), `${os}/amd64`, `${os}/386`];
    case "arm":
      return versions(`${os}/arm`, version, leastArmVersion);
    case "arm64":
      return variant === "" ? [platform, ...versions(`${os}/arm`, 8, leastArmVersion)] : undefined;
    default:
      return [platform];
  }
}

function versions(name: string, from: number, to: number): string[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, at) => `${name}/v${from - at}`);
}
