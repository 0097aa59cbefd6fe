import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage, type MultiPlatformImageArgs } from "pulumi-multi-platform-image";
import { builder } from "./builder";

const common: MultiPlatformImageArgs = { platforms: ["linux/amd64", "linux/arm64"], builder };
const base = new MultiPlatformImage("base", { ...common, context: "./base", tags: ["ghcr.io/acme/base:1.0"] });
const refs = ["queue", "worker"].map((name) => {
  const named = { base: { location: pulumi.interpolate`docker-image://${base.ref}` } };
  const context = { location: `./${name}`, named };
  return new MultiPlatformImage(name, { ...common, context, tags: [`ghcr.io/acme/${name}:1.0`] }).ref;
});
export const all = pulumi.all(refs);
