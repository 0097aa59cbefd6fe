import * as pulumi from "@pulumi/pulumi";

import { Builder } from "./builder";
import { ofRun } from "./run";

const builderName = "default-builder";

const builders = new WeakMap<object, Map<pulumi.ProviderResource | undefined, Builder>>();

/**
 * The builder of images that name none: one for each aws provider, a child of the stack, so that deleting or reordering
 * images changes no URN.
 */
export function defaultBuilder(image: pulumi.ComponentResource): Builder {
  const known = ofRun(builders, () => new Map<pulumi.ProviderResource | undefined, Builder>());
  const provider = image.getProvider("aws:ec2/instance:Instance");
  const builder = known.get(provider) ?? createBuilder(provider);
  known.set(provider, builder);
  return builder;
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
