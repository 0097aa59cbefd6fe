import * as pulumi from "@pulumi/pulumi";

import { MultiPlatformImage, type Platform } from "./components";

const config = new pulumi.Config();
const platforms = config.getObject<Platform[]>("platforms") ?? ["linux/amd64", "linux/arm64"];

const image = new MultiPlatformImage("image", {
  context: config.get("context") ?? "./examples/esbuild/context",
  ...target(),
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

/** Where the image is pushed to. EC2 nodes don't reach a registry on this machine's loopback. */
function target(): { tags: string[] } | { repository: { repositoryUrl: string } } {
  const repositoryUrl = config.get("repositoryUrl");
  if (repositoryUrl) {
    return { repository: { repositoryUrl } };
  }
  const tags = config.getObject<string[]>("tags");
  if (!tags && nodeKind() === "ec2") {
    throw new pulumi.RunError(
      "with `nodes: ec2`, set `tags` (a JSON list) or `repositoryUrl` (of ECR) to what the nodes reach",
    );
  }
  return { tags: tags ?? ["localhost:5080/esbuild:0.25.12"] };
}

function nodeKind(): "local" | "ec2" {
  return config.get<"local" | "ec2">("nodes", { allowedValues: ["local", "ec2"] }) ?? "local";
}
