// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import { type Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

export function createImage(builder: Builder): MultiPlatformImage {
  const repository = new Repository("api", {
    imageTagMutability: "IMMUTABLE",
    // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
    forceDelete: true,
  });
  return new MultiPlatformImage("api", { context: "./app", repository, builder });
}
