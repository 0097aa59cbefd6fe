import { version } from "@pulumi/aws/package.json";
import type * as awsProvider from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";

/**
 * Makes that an aws provider in a component's `providers` arrives as one that can be asked for its settings: by themselves,
 * they arrive as names. Its package is loaded when there is one.
 */
export function findAwsProviders(): void {
  pulumi.runtime.registerResourcePackage("aws", {
    // The SDK reads it as a semantic version, also where any will do.
    version,
    constructProvider: (name: string, _type: string, urn: string): pulumi.ProviderResource => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- takes a second, which few programs need
      const { Provider } = require("@pulumi/aws/provider") as typeof awsProvider;
      return new Provider(name, undefined, { urn });
    },
  });
}
