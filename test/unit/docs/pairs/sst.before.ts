import * as dockerBuild from "@pulumi/docker-build";

const image = new dockerBuild.Image("handler", {
  context: { location: "./app" },
  platforms: ["linux/arm64"],
  push: false,
  exports: [{ registry: { ociMediaTypes: false, push: true, names: ["ghcr.io/acme/handler"] } }],
});
export const digest = image.digest;
