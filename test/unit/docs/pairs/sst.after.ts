import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const image = new MultiPlatformImage("handler", {
  tags: ["ghcr.io/acme/handler:1.0"],
  context: "./app",
  platforms: ["linux/arm64"],
  builder,
});
export const imageUri = image.repoDigest;
