import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const { CI_REGISTRY, CI_REGISTRY_IMAGE, CI_COMMIT_REF_SLUG, CI_REGISTRY_USER, CI_REGISTRY_PASSWORD } = process.env;
const image = new MultiPlatformImage("app", {
  tags: [`${CI_REGISTRY_IMAGE}:${CI_COMMIT_REF_SLUG}`],
  context: "./app",
  registries: [{ address: CI_REGISTRY!, username: CI_REGISTRY_USER, password: pulumi.secret(CI_REGISTRY_PASSWORD!) }],
  builder,
});
export const ref = image.ref;
