import type * as awsProvider from "@pulumi/aws/provider";
import type * as kubernetesProvider from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";

interface ProviderPackage {
  /** The version that is installed. The SDK reads it as a semantic version, also where any will do. */
  version: () => string;
  create: (name: string, urn: string) => pulumi.ProviderResource;
}

/* eslint-disable @typescript-eslint/no-require-imports -- a package takes up to a second, which few programs need */
const packages: Readonly<Record<string, ProviderPackage>> = {
  aws: {
    version: () => versionOf(require("@pulumi/aws/package.json")),
    create: (name, urn) => {
      const { Provider } = require("@pulumi/aws/provider") as typeof awsProvider;
      return new Provider(name, undefined, { urn });
    },
  },
  kubernetes: {
    version: () => versionOf(require("@pulumi/kubernetes/package.json")),
    create: (name, urn) => {
      const { Provider } = require("@pulumi/kubernetes/provider") as typeof kubernetesProvider;
      return new Provider(name, undefined, { urn });
    },
  },
};
/* eslint-enable @typescript-eslint/no-require-imports */

/**
 * Makes that a provider in a component's `providers` arrives as one that can be asked for its settings: by themselves, they
 * arrive as names. A package that is not installed (`@pulumi/kubernetes` is optional) has no nodes of its kind, either.
 */
export function findProviders(): void {
  for (const [name, { version, create }] of Object.entries(packages)) {
    const installed = versionIfThere(version);
    if (installed !== undefined) {
      pulumi.runtime.registerResourcePackage(name, {
        version: installed,
        constructProvider: (own: string, _type: string, urn: string) => create(own, urn),
      });
    }
  }
}

function versionIfThere(version: () => string): string | undefined {
  try {
    return version();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") {
      return undefined;
    }
    throw error;
  }
}

const versionOf = (packageFile: unknown): string => (packageFile as { version: string }).version;
