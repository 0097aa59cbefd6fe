import * as dockerBuild from "@pulumi/docker-build";

const images = ["arm64", "amd64"].map(
  (arch) =>
    new dockerBuild.Image(`web-${arch}`, {
      tags: [`ghcr.io/acme/web:1.0-${arch}`],
      context: { location: "./app" },
      platforms: [arch === "arm64" ? "linux/arm64" : "linux/amd64"],
      builder: { name: `native-${arch}` },
      cacheFrom: [{ registry: { ref: `ghcr.io/acme/web:cache-${arch}` } }],
      cacheTo: [{ registry: { ref: `ghcr.io/acme/web:cache-${arch}`, mode: "max" } }],
      push: true,
    }),
);
const index = new dockerBuild.Index("web", {
  tag: "ghcr.io/acme/web:1.0",
  sources: images.map(({ ref }) => ref),
  push: true,
});
export const ref = index.ref;
