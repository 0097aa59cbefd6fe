import * as pulumi from "@pulumi/pulumi";

import { constructBuilder, findBuilders } from "./builders";
import { constructImage } from "./images";
import { builderType, imageType, schema } from "./package";
import { findProviders } from "./providers";

/** The component for programs in every language: it makes what they ask for, with the library's own classes. */
export class Provider implements pulumi.provider.Provider {
  readonly version = schema.version;
  readonly schema = JSON.stringify(schema);
  /** By one of them the library tells what belongs to one run. */
  private readonly connections: unknown[] = [];

  /** @param onCancel when the user interrupts: what hooks wait for is not waited for any more. */
  constructor(private readonly onCancel: () => void) {
    findBuilders();
    findProviders();
  }

  construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<pulumi.provider.ConstructResult> {
    this.connections.push(pulumi.runtime.getMonitor());
    switch (type) {
      case builderType:
        return constructBuilder(name, inputs, options);
      case imageType:
        return constructImage(name, inputs, options);
      default:
        return Promise.reject(
          new Error(`${type} is no resource of this package, which has ${builderType} and ${imageType}`),
        );
    }
  }

  cancel(): Promise<void> {
    this.onCancel();
    return Promise.resolve();
  }
}
