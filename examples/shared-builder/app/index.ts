// Deep imports: all of @pulumi/aws takes two seconds to load.
import { Repository } from "@pulumi/aws/ecr/repository";
import * as pulumi from "@pulumi/pulumi";
import { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";

const builderStack = new pulumi.StackReference(new pulumi.Config().require("builderStack"));
const builder = Builder.fromConnection("team", builderStack.requireOutput("connection"));

const repository = new Repository("api", {
  imageTagMutability: "IMMUTABLE",
  // Images outlive their Pulumi resource; without this, `pulumi destroy` stops at the repository.
  forceDelete: true,
});
const image = new MultiPlatformImage("api", { context: "./api", repository, builder });

export const ref = image.ref;
export const indexDigest = image.indexDigest;
