import * as pulumi from "@pulumi/pulumi";
import { Builder, MultiPlatformImage, type NodeArgs } from "pulumi-multi-platform-image";

const config = new pulumi.Config();
const registry = config.get("registry") ?? "ghcr.io";
const username = config.require("username");

// A machine for each platform, in the stack's configuration: see README.md.
const builder = new Builder("own", { nodes: config.requireObject<NodeArgs[]>("nodes") });

const image = new MultiPlatformImage("api", {
  context: "./app",
  tags: [`${registry}/${username}/api:1.0`],
  registries: [{ address: registry, username, password: config.requireSecret("token") }],
  builder,
});

export const ref = image.ref;
export const indexDigest = image.indexDigest;
