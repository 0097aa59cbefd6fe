import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const image = new dockerBuild.Image("api", {
  tags: ["ghcr.io/acme/api:1.0"],
  context: { location: "./app" },
  platforms: ["linux/amd64", "linux/arm64"],
  buildArgs: { VERSION: "1.0" },
  cacheFrom: [{ registry: { ref: "ghcr.io/acme/api:1.0" } }],
  cacheTo: [{ inline: {} }],
  push: true,
  registries: [{ address: "ghcr.io", username: "acme", password: config.requireSecret("token") }],
});
export const ref = image.ref;
