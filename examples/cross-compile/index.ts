// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

// One node is enough: Go compiles for each platform on any other, and no step runs what was compiled.
const builder = new Builder("cross", {
  nodes: [{ kind: "ec2", platform: "linux/arm64", additionalPlatforms: ["linux/amd64", "linux/arm/v7"] }],
});

const repository = new Repository("hello", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
});
const image = new MultiPlatformImage("hello", {
  context: "./app",
  platforms: ["linux/amd64", "linux/arm64", "linux/arm/v7"],
  repository,
  builder,
});

export const ref = image.ref;
export const indexDigest = image.indexDigest;
