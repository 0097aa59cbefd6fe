/** The Pulumi program of a run: one builder, one image, and one resource that uses its digest. */
import * as fs from "node:fs";

import { Repository } from "@pulumi/aws/ecr/repository";
import { Parameter } from "@pulumi/aws/ssm/parameter";

import { Builder, MultiPlatformImage } from "../../../components";
import {
  cacheVolumeSizeGibibytes,
  instanceTypes,
  maxLifetimeMinutes,
  namesOf,
  rootVolumeSizeGibibytes,
  type Spec,
  verifyTag,
} from "../settings";

const { runId, platforms, idleTimeoutMinutes, lifecycle, baseImage, ec2 } = JSON.parse(
  fs.readFileSync("spec.json", "utf8"),
) as Spec;
const names = namesOf(runId);
const tags = { [verifyTag]: runId };

const builder = new Builder(names.builder, {
  nodes: platforms.map(node),
  lifecycle,
  idleTimeoutMinutes,
  maxLifetimeMinutes,
  ec2: { ...ec2, tags },
});
const repository = new Repository("verify", {
  name: names.repository,
  imageTagMutability: "IMMUTABLE",
  forceDelete: true,
  tags,
});
const image = new MultiPlatformImage("verify", {
  context: "./app",
  platforms,
  buildArgs: { BASE_IMAGE: baseImage },
  repository,
  builder,
});
const deployed = new Parameter("deployed", {
  name: names.deployedParameter,
  type: "String",
  value: image.ref,
  tags,
});

export const builderName = builder.builderName;
export const ref = image.ref;
export const indexDigest = image.indexDigest;
export const platformDigests = image.platformDigests;
export const deployedParameter = deployed.name;

function node(platform: Spec["platforms"][number]) {
  return {
    kind: "ec2" as const,
    platform,
    instanceType: instanceTypes[platform],
    cacheVolumeSizeGibibytes,
    rootVolumeSizeGibibytes,
  };
}
