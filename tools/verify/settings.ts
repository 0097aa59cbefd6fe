import { randomBytes } from "node:crypto";

import type { Ec2Args, Ec2Platform } from "../../components/nodes/ec2/arguments";

/** On everything that a run makes: by it, what is left is found. */
export const verifyTag = "multi-platform-image:verify";

export const instanceTypes = { "linux/arm64": "c8g.large", "linux/amd64": "c7a.large" } as const;
export const cacheVolumeSizeGibibytes = 20;
export const rootVolumeSizeGibibytes = 8;
/** A bound on what a run costs when this machine goes away in the middle of it. */
export const maxLifetimeMinutes = 60;

/** What the program of a run declares; it reads them from `spec.json` beside it. */
export interface Spec {
  runId: string;
  platforms: Ec2Platform[];
  idleTimeoutMinutes: number;
  /** @default - nodes that stay, and stop when they are idle */
  lifecycle?: "ephemeral";
  baseImage: string;
  ec2: Ec2Args;
}

/** What a run exports. */
export interface Outputs {
  ref: string;
  indexDigest: string;
  platformDigests: Record<string, string>;
  deployedParameter: string;
  builderName: string;
}

/** Names of what one run makes. IAM and ECR are asked by these, because they have no filter by tag. */
export const namesOf = (runId: string) => ({
  builder: `verify-${runId}`,
  repository: `multi-platform-image-verify-${runId}`,
  deployedParameter: `/multi-platform-image-verify/${runId}/deployed`,
});

/** Sorts by time, and is short: IAM's names have 64 characters at most. */
export function newRunId(now = new Date()): string {
  const time = now.toISOString().replace(/\D/g, "").slice(2, 12);
  return `${time}-${randomBytes(2).toString("hex")}`;
}

/**
 * The spec of a run. The environment stands in where an account reaches the internet only through mirrors:
 * `VERIFY_AWS_BASE_IMAGE` is an image with a shell, `VERIFY_AWS_EC2` is JSON of the builder's argument `ec2`, and
 * `VERIFY_AWS_PLATFORMS` is a comma-separated list of those that nodes are made for.
 */
export function initialSpec(runId: string, environment: NodeJS.ProcessEnv): Spec {
  return {
    runId,
    platforms: (environment.VERIFY_AWS_PLATFORMS?.split(",") ?? Object.keys(instanceTypes)) as Ec2Platform[],
    idleTimeoutMinutes: 1,
    baseImage: environment.VERIFY_AWS_BASE_IMAGE ?? "public.ecr.aws/docker/library/alpine:3.22",
    ec2: JSON.parse(environment.VERIFY_AWS_EC2 ?? "{}") as Ec2Args,
  };
}
