import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const image = new MultiPlatformImage("site", {
  tags: ["ghcr.io/acme/site:1.0"],
  context: "./app",
  dockerfile: "./app/release.Dockerfile",
  target: "site",
  buildArgs: { VERSION: "1.0" },
  registries: [{ address: "ghcr.io", username: "acme", password: pulumi.secret(process.env.TOKEN!) }],
  builder,
});
export const ref = image.repoDigest;
