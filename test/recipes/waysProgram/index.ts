/** The Pulumi program of the ways to move a docker-build image in: `spec.json` says what `web` is declared as. */
import * as fs from "node:fs";

import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

export interface WaySpec {
  /** What both classes are given. */
  image: Pick<MultiPlatformImageArgs, "tags" | "registries" | "platforms">;
  /** docker-build's image; none once it has moved. */
  old?: { retainOnDelete?: boolean };
  moved?: {
    name: string;
    /** None where it stays on the builder from before. */
    builder?: BuilderArgs;
    args: Omit<MultiPlatformImageArgs, "builder">;
    options: Omit<pulumi.ComponentResourceOptions, "transforms">;
    /** A transform of the program gives the image inside its alias. */
    transforms?: boolean;
  };
  /** Both are children of a component of the program. */
  hasParent?: boolean;
}

/** buildx knows it, as `docker buildx create --name old` has it. */
const oldBuilder = { name: "old" };
const { image, old, moved, hasParent } = JSON.parse(fs.readFileSync("spec.json", "utf8")) as WaySpec;
const parent = hasParent ? new pulumi.ComponentResource("tests:index:App", "parent") : undefined;
const outputs: Record<string, pulumi.Output<string>> = {};

if (old) {
  const platforms = image.platforms as dockerBuild.Platform[];
  const context = { location: "./app" };
  const args = { ...image, platforms, context, push: true, builder: oldBuilder };
  outputs.digest = new dockerBuild.Image("web", args, { parent, ...old }).digest;
}
if (moved) {
  const { name, args, options, transforms } = moved;
  const builder = moved.builder ? new Builder("own", moved.builder) : oldBuilder;
  const aliases = [{ parent: parent ?? pulumi.rootStackResource }];
  const transform: pulumi.ResourceTransform = (resource) =>
    resource.type === "docker-build:index:Image" && resource.name === name
      ? { props: resource.props, opts: pulumi.mergeOptions(resource.opts, { aliases }) }
      : undefined;
  const given = { ...image, context: "./app", ...args, builder };
  const web = new MultiPlatformImage(name, given, {
    parent,
    ...options,
    ...(transforms && { transforms: [transform] }),
  });
  outputs.digest = web.indexDigest;
  outputs.urn = web.image.urn;
}
module.exports = outputs;
