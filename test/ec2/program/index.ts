/** The Pulumi program of the EC2 tests: declares what `spec.json` in its project's folder says. */
import * as fs from "node:fs";

import { Repository } from "@pulumi/aws/ecr/repository";
import { Provider } from "@pulumi/aws/provider";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import type * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  /** None: the stack's default builder. */
  builder?: BuilderArgs;
  images: Record<string, MultiPlatformImageArgs>;
  /** The images' own repository of ECR, by its name in the program. */
  repository?: string;
  /** What the instances run in place of our user data, by Pulumi's own way to change a component's children. */
  userData?: string;
  /** Arguments of an aws provider of its own. */
  provider?: ConstructorParameters<typeof Provider>[1];
}

const spec = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;
const provider = spec.provider && new Provider("own", spec.provider);
const transform: pulumi.ResourceTransform = ({ type, props, opts }) =>
  type === "aws:ec2/instance:Instance" ? { props: { ...props, userData: spec.userData }, opts } : undefined;
const opts: pulumi.ComponentResourceOptions = {
  ...(provider && { providers: [provider] }),
  ...(spec.userData && { transforms: [transform] }),
};
const repository = spec.repository
  ? new Repository(spec.repository, { imageTagMutability: "IMMUTABLE", forceDelete: true }, { provider })
  : undefined;
let builder = spec.builder && new Builder("builders", spec.builder, opts);
const outputs: Record<string, unknown> = {};
for (const [name, args] of Object.entries(spec.images)) {
  const image = new MultiPlatformImage(name, { ...args, repository, builder }, opts);
  builder ??= image.builder;
  // What is deployed in the same update: https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html
  new Parameter(`deployed-${name}`, { type: "String", value: image.ref }, { provider });
  outputs[name] = { indexDigest: image.indexDigest, ref: image.ref, platformDigests: image.platformDigests };
}
outputs.builderName = builder?.builderName;
outputs.nodes = builder?.nodes;
module.exports = outputs;
