import { ociPlatform, type Platform } from "../support/platforms";
import type { PlatformDigests } from "../registry/manifest";

/**
 * The Dockerfile of an index: each platform is what its node has pushed, as it is. BuildKit takes the name of the last
 * stage's base from the platform that it builds, and looks at no other stage.
 *
 * @see https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
 */
export function indexDockerfile(repository: string, digests: PlatformDigests): string {
  const stages = Object.entries(digests).map(
    ([platform, digest]) => `FROM --platform=${platform} ${repository}@${digest} AS ${stageOf(platform as Platform)}`,
  );
  // A platform that stands there is meant: https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/
  const directive = "# check=skip=FromPlatformFlagConstDisallowed";
  return `${[directive, ...stages, "FROM platform-$TARGETARCH$TARGETVARIANT"].join("\n")}\n`;
}

function stageOf(platform: Platform): string {
  const { architecture, variant = "" } = ociPlatform(platform);
  return `platform-${architecture}${variant}`;
}
