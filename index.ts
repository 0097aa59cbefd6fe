import * as pulumi from "@pulumi/pulumi";

import { MultiPlatformImage, type Platform } from "./components";

const config = new pulumi.Config();
const platforms = config.getObject<Platform[]>("platforms") ?? ["linux/amd64", "linux/arm64"];

const image = new MultiPlatformImage("image", {
  context: config.get("context") ?? "./examples/esbuild/context",
  tags: config.getObject<string[]>("tags") ?? ["localhost:5080/esbuild:0.25.12"],
  platforms,
  builder: {
    nodes: platforms.map((platform) => ({ kind: nodeKind(), platform })),
    lifecycle: config.get<"persistent" | "stop-when-idle">("lifecycle", {
      allowedValues: ["persistent", "stop-when-idle"],
    }),
    idleTimeoutMinutes: config.getNumber("idleTimeoutMinutes"),
    maxLifetimeMinutes: config.getNumber("maxLifetimeMinutes"),
  },
});

export const indexDigest = image.indexDigest;
export const ref = image.ref;
export const platformDigests = image.platformDigests;

function nodeKind(): "local" | "ec2" {
  return config.get<"local" | "ec2">("nodes", { allowedValues: ["local", "ec2"] }) ?? "local";
}
