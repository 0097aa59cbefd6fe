/**
 * BuildKit's image, as the docker-container driver runs it: privileged, so it is taken by its digest. That is the index's,
 * as `docker buildx imagetools inspect moby/buildkit:v0.33.1` shows it; Docker does not look at the tag then.
 */
export const containerImage =
  "moby/buildkit:v0.33.1@sha256:cec9f139f45e93c5c69c60f8b07cfad9f43f4ef6b6a6cd917527fea5ff2e3dea";
/** What buildx adds for this driver by itself: https://github.com/docker/buildx/blob/v0.35.0/builder/builder.go */
export const containerFlags = ["--allow-insecure-entitlement=network.host"];
