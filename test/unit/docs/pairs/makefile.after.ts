import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

const builder = new Builder("cross", {
  nodes: [
    { kind: "local", platform: "linux/amd64", additionalPlatforms: ["linux/arm64", "linux/s390x", "linux/ppc64le"] },
  ],
});
const image = new MultiPlatformImage("controller", {
  tags: ["ghcr.io/acme/controller:1.0"],
  context: "./app",
  platforms: ["linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le"],
  builder,
});
export const ref = image.ref;
