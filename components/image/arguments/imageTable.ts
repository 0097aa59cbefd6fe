import type * as dockerBuild from "@pulumi/docker-build";

import type { MultiPlatformImageArgs } from "./imageArguments";
import { cacheFrom, cacheTo } from "./cacheTable";
import { exportEntry } from "./exportTable";
import type { ArgumentsOf } from "../../arguments/table";

/** The arguments of `MultiPlatformImage`. */
export const imageArguments: ArgumentsOf<MultiPlatformImageArgs> = {
  addHosts: "list",
  adopt: "plain flag",
  buildArgs: "record",
  buildOnPreview: "flag",
  builder: "any",
  cacheFrom: [cacheFrom],
  cacheTo: [cacheTo],
  checkBaseImages: "plain flag",
  context: "any",
  dockerfile: "any",
  exec: "flag",
  exports: [exportEntry],
  ignoreSecretsInDiffCalculation: "list",
  labels: "record",
  load: "flag",
  network: "text",
  noCache: "flag",
  platforms: "plain list",
  prices: "plain record",
  provenance: "any",
  pull: "flag",
  push: "flag",
  registries: [{ address: "text", password: "text", username: "text" }],
  report: "any",
  repository: "any",
  retainOnDelete: "plain flag",
  secrets: "record",
  ssh: [{ id: "text", paths: "list" }],
  stageContext: "plain flag",
  tags: "list",
  target: "text",
};

/** `context` that is no text. */
export const contextArguments: ArgumentsOf<dockerBuild.types.input.BuildContextArgs> = {
  location: "text",
  named: "record",
};

/** `dockerfile` that is no text. */
export const dockerfileArguments: ArgumentsOf<dockerBuild.types.input.DockerfileArgs> = {
  inline: "text",
  location: "text",
};
