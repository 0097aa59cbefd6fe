import * as pulumi from "@pulumi/pulumi";
import { MultiPlatformImage, type MultiPlatformImageArgs } from "pulumi-multi-platform-image";

import { builderOf } from "./builders";
import { withKnown } from "./known";
import { settling } from "./settling";

/** All but `indexDigest`, which every image has. */
const outputNames = ["ref", "repoDigest", "repositoryUrl", "tag", "platformDigests", "platformRefs"] as const;

export async function constructImage(
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Promise<pulumi.provider.ConstructResult> {
  const image = new MultiPlatformImage(name, await imageArgs(`MultiPlatformImage ${name}`, inputs), options);
  const { urn, indexDigest } = image;
  const others = outputNames.map((output) => [output, ifKnown(image[output])] as const);
  return { urn, state: { indexDigest, ...Object.fromEntries(others) } };
}

async function imageArgs(owner: string, inputs: pulumi.Inputs): Promise<MultiPlatformImageArgs> {
  const { builder, builderName, context, namedContexts, ...args } = await withKnown(
    owner,
    "MultiPlatformImage",
    inputs,
  );
  const own = builderOf(owner, builder);
  if (own && builderName !== undefined) {
    const reason = "is set beside `builder`; leave one of them out";
    throw new pulumi.InputPropertyError({ propertyPath: "builderName", reason: `${owner}: \`builderName\` ${reason}` });
  }
  const location = (context ?? ".") as pulumi.Input<string>;
  return {
    ...args,
    builder: own ?? (builderName === undefined ? undefined : { name: builderName as pulumi.Input<string> }),
    ...(namedContexts === undefined
      ? context !== undefined && { context: { location } }
      : { context: { location, named: named(namedContexts as pulumi.Input<Record<string, pulumi.Input<string>>>) } }),
  };
}

function named(contexts: pulumi.Input<Record<string, pulumi.Input<string>>>) {
  return pulumi
    .output(contexts)
    .apply((known) => Object.fromEntries(Object.entries(known).map(([name, location]) => [name, { location }])));
}

/** Nothing where TypeScript has an error for those who ask: here each output is asked for. */
function ifKnown(output: pulumi.Output<unknown>): pulumi.Output<unknown> {
  const { isKnown } = settling(output);
  const settled = Promise.all([settling(output).promise(), isKnown]).then(
    ([value, is]) => (is ? value : pulumi.unknown),
    () => undefined,
  );
  return pulumi.output(settled);
}
