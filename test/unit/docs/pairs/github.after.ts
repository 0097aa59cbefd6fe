import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const { GITHUB_ACTOR, GITHUB_SHA, GITHUB_TOKEN } = process.env;
const image = new MultiPlatformImage("tool", {
  tags: ["ghcr.io/acme/tool:latest", `ghcr.io/acme/tool:sha-${GITHUB_SHA!.slice(0, 7)}`],
  context: "./app",
  registries: [{ address: "ghcr.io", username: GITHUB_ACTOR, password: pulumi.secret(GITHUB_TOKEN!) }],
  builder,
});
export const { ref, indexDigest, repositoryUrl } = image;
