// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

// The nodes keep the cache: a runner has none, and needs none.
const builder = new Builder("ci", { idleTimeoutMinutes: 5 });

const repository = new Repository("web", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
});
const image = new MultiPlatformImage("web", { context: "./app", repository, builder });

export const ref = image.ref;
export const indexDigest = image.indexDigest;
