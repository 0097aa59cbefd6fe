import * as pulumi from "@pulumi/pulumi";

import { Builder } from "./builder";

const builderName = "default-builder";

// By the engine's connection, for one process may run several programs: https://www.pulumi.com/docs/automation-api/
const builders = new WeakMap<object, Map<pulumi.ProviderResource | undefined, Builder>>();

/**
 * The builder of images that name none: one for each aws provider, a child of the stack, so that deleting or reordering
 * images changes no URN.
 */
export function defaultBuilder(image: pulumi.ComponentResource): Builder {
  const run = pulumi.runtime.getMonitor() ?? builders;
  const ofRun = builders.get(run) ?? new Map<pulumi.ProviderResource | undefined, Builder>();
  builders.set(run, ofRun);
  const provider = image.getProvider("aws:ec2/instance:Instance");
  const builder = ofRun.get(provider) ?? createBuilder(provider);
  ofRun.set(provider, builder);
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
