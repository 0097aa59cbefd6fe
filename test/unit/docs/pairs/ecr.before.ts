import { getAuthorizationTokenOutput, Repository } from "@pulumi/aws/ecr";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

const repository = new Repository("api");
const token = getAuthorizationTokenOutput({ registryId: repository.registryId });
const image = new dockerBuild.Image("api", {
  tags: [pulumi.interpolate`${repository.repositoryUrl}:latest`],
  context: { location: "./app" },
  platforms: ["linux/amd64", "linux/arm64"],
  push: true,
  registries: [{ address: repository.repositoryUrl, username: token.userName, password: token.password }],
});
export const ref = image.ref;
