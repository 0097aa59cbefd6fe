/** The Pulumi program of the tests of images that move in: `spec.json` says what `web` is declared as. */
import * as fs from "node:fs";

import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  builder: BuilderArgs;
  /** Which of the two classes declare an image. */
  classes: ("docker-build" | "component")[];
  image: Pick<MultiPlatformImageArgs, "tags" | "platforms" | "registries" | "adopt">;
  /** Of the component. @default "web" */
  name?: string;
  aliases?: pulumi.ComponentResourceOptions["aliases"];
  /** Whether both are children of a component of the program. */
  hasParent?: boolean;
}

const spec = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;
const { tags, registries } = spec.image;
const parent = spec.hasParent ? new pulumi.ComponentResource("tests:index:App", "parent") : undefined;
const builder = new Builder("builders", spec.builder);
const outputs: Record<string, unknown> = {};
const platforms = spec.image.platforms as dockerBuild.Platform[];
// Registers and wakes the builder, as a user's own builder is.
const first = new MultiPlatformImage("first", {
  context: "./first",
  push: false,
  platforms: spec.image.platforms,
  builder,
});

if (spec.classes.includes("docker-build")) {
  const image = new dockerBuild.Image(
    "web",
    { tags, registries, platforms, context: { location: "./app" }, push: true, builder: { name: builder.builderName } },
    { parent, dependsOn: [first] },
  );
  outputs.old = pulumi.interpolate`${image.digest}`;
}
if (spec.classes.includes("component")) {
  const args = { ...spec.image, context: "./app", builder };
  const image = new MultiPlatformImage(spec.name ?? "web", args, { parent, aliases: spec.aliases });
  outputs.digest = image.indexDigest;
}
module.exports = outputs;
