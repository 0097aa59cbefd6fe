import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const files = new MultiPlatformImage("files", {
  context: "./app",
  platforms: ["linux/amd64"],
  push: false,
  exports: [{ local: { dest: "./out" } }],
  builder,
});
export const contextHash = files.image.contextHash; // changes when a file does
