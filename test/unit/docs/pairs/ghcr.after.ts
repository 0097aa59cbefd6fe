import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const config = new pulumi.Config();
const image = new MultiPlatformImage("api", {
  tags: ["ghcr.io/acme/api:1.0"],
  context: "./app",
  buildArgs: { VERSION: "1.0" },
  registries: [{ address: "ghcr.io", username: "acme", password: config.requireSecret("token") }],
  builder,
});
export const ref = image.ref;
