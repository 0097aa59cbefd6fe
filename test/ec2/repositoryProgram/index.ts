/** The Pulumi program of the tests of repositories: one image, as `spec.json` in the project's folder says. */
import * as fs from "node:fs";

import { Repository } from "@pulumi/aws/ecr/repository";
import * as pulumi from "@pulumi/pulumi";

import { type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  builder: BuilderArgs;
  /** A repository of the same update of this name, or the URL of another stack's. */
  repository: { name: string } | { repositoryUrl: string };
  image: MultiPlatformImageArgs;
  /** Build secrets. */
  secrets?: Record<string, string>;
  /** Of other registries, all of it a secret. */
  logins?: { address: string; username: string; password: string }[];
}

const { builder, repository, image: args, secrets, logins } = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;
const image = new MultiPlatformImage("app", {
  ...args,
  secrets: secrets && pulumi.secret(secrets),
  registries: logins && pulumi.secret(logins),
  builder,
  repository:
    "name" in repository
      ? new Repository(repository.name, { name: repository.name, imageTagMutability: "IMMUTABLE", forceDelete: true })
      : repository,
});
export const indexDigest = image.indexDigest;
export const ref = image.ref;
