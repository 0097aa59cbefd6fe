import { Repository } from "@pulumi/aws/ecr";
import { MultiPlatformImage } from "pulumi-multi-platform-image";
import { builder } from "./builder";

// One of awsx stays: `repository: { repositoryUrl: repository.url }`.
const repository = new Repository("jobs");
const image = new MultiPlatformImage("jobs", {
  repository,
  context: "./app",
  dockerfile: "./app/release.Dockerfile",
  buildArgs: { VERSION: "1.0" },
  builder,
});
export const ref = image.ref;
