import * as pulumi from "@pulumi/pulumi";

import { Builder } from "./builder";
import { defaultNodes } from "./normaliseBuilder";
import { say } from "../pulumi/log";
import type { Platform } from "../support/platforms";
import { ofRun } from "../pulumi/run";

const builderName = "default-builder";

/** What the default builder is made of, itself included: docs/ec2.md lists them. */
export const defaultBuilderResources = 40;

const builders = new WeakMap<object, Map<pulumi.ProviderResource | undefined, Builder>>();

/** What of an image decides whether its default builder is a surprise. */
export interface FirstImage {
  name: string;
  platforms: readonly Platform[];
  /** Whether it is pushed to a repository in ECR, and so is of who has an AWS account. */
  hasRepository: boolean;
}

/**
 * The builder of images that name none: one for each aws provider, a child of the stack, so that deleting or reordering
 * images changes no URN. It has a node for each platform, whatever the first image asks for: it is declared with that one, and
 * which others follow is not known by then.
 */
export function defaultBuilder(image: pulumi.ComponentResource, first: FirstImage): Builder {
  const known = ofRun(builders, () => new Map<pulumi.ProviderResource | undefined, Builder>());
  const provider = image.getProvider("aws:ec2/instance:Instance");
  const existing = known.get(provider);
  if (existing) {
    return existing;
  }
  if (pulumi.runtime.isDryRun()) {
    for (const notice of noticesOf(first)) {
      void say("info", notice, image);
    }
  }
  const builder = createBuilder(provider);
  known.set(provider, builder);
  return builder;
}

/** What a preview says of a default builder that its user may not have meant. */
export function noticesOf({ name, platforms, hasRepository }: FirstImage): string[] {
  const all = defaultNodes.map(({ platform }) => platform);
  const unused = all.filter((each) => !platforms.includes(each));
  const own =
    `image ${name} names no \`builder\`, so it is built on EC2 instances for ${all.join(" and ")} in the account of the aws ` +
    `provider: ${defaultBuilderResources} resources, made in the next update where they are not there yet. For nodes of your ` +
    'own give `builder: { nodes: [{ kind: "remote", platform: "linux/amd64", endpoint: "tcp://…" }] }`, `{ kind: "local", … }` ' +
    "among them, or `builder: { name }` of one that buildx knows.";
  const one =
    `image ${name} is of ${platforms.join(" and ")}, and its builder has a node for ${unused.join(" and ")}, too: images ` +
    "declared after it may need that. For fewer nodes give all images `builder: new Builder(…)` with " +
    `\`nodes: [${platforms.map((each) => `{ kind: "ec2", platform: "${each}" }`).join(", ")}]\`.`;
  return [...(hasRepository ? [] : [own]), ...(unused.length > 0 ? [one] : [])];
}

function createBuilder(provider: pulumi.ProviderResource | undefined): Builder {
  return provider
    ? new Builder(`${builderName}-${nameOf(provider)}`, {}, { providers: [provider] })
    : new Builder(builderName);
}

/** The provider's name in the program. The SDK keeps it, without a type for it. */
function nameOf(provider: pulumi.ProviderResource): string {
  return (provider as unknown as { __name: string }).__name;
}
