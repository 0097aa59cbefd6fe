// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

// A Graviton and an x86 instance, apart from the cluster's: builds take no capacity from what it runs.
const builder = new Builder("builders");

const repository = new Repository("api", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
});

export const image = new MultiPlatformImage("api", { context: "./app", repository, builder });
