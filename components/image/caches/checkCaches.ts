import type * as dockerBuild from "@pulumi/docker-build";

import { argumentError } from "../../support/errors";
import type { Platform } from "../../support/platforms";
import { exportProblem } from "./cacheLocations";

/** Refuses caches of an image with several platforms whose locations are not understood, as far as they are known now. */
export function checkCaches(
  owner: string,
  cacheTo: dockerBuild.ImageArgs["cacheTo"],
  platforms: readonly Platform[],
): void {
  if (!Array.isArray(cacheTo) || platforms.length === 1) {
    return;
  }
  for (const [at, { raw }] of (cacheTo as { raw?: unknown }[]).entries()) {
    const problem = typeof raw === "string" && raw !== "" ? exportProblem(raw) : undefined;
    if (problem) {
      throw argumentError(owner, `cacheTo[${at}].raw`, raw, problem);
    }
  }
}
