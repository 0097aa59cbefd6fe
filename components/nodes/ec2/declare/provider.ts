import type { Provider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";

import { type AwsSettings, settingsOfPulumiConfig, settingsOfTerraformConfig } from "../awsSettings";
import { PlainResourceError } from "../../../pulumi/resourceError";
import { resolved } from "../../../pulumi/resolved";

/**
 * How hooks reach AWS: as the component's own aws provider does. Never kept: it may hold keys.
 *
 * Asked when the first hook needs it, so that an update without a build does not ask.
 */
export async function awsSettings(component: pulumi.ComponentResource): Promise<AwsSettings> {
  const provider = component.getProvider("aws:ec2/instance:Instance") as Provider | undefined;
  if (!provider) {
    const config = new pulumi.Config("aws");
    return settingsOfPulumiConfig((key) => config.get(key));
  }
  if (typeof provider.terraformConfig !== "function") {
    const fix = "use @pulumi/aws 7 for it";
    throw new PlainResourceError(
      "the aws provider of the builder can't say what it is configured with: " + fix,
      component,
    );
  }
  const { result } = await resolved(provider.terraformConfig());
  return settingsOfTerraformConfig(result);
}
