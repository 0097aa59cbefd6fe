import * as pulumi from "@pulumi/pulumi";

import { describeLaunchFailure } from "../../ec2/startErrors";
import { errorHook } from "../../hookNames";
import { isMocked } from "../../mocks";
import { plainText } from "../../plainText";
import { resolved } from "../../resolved";
import type { NormalEc2Node } from "./normalise";

/** Says what a refused launch means: a new account's first update fails here, with AWS's own words. It retries nothing. */
export function launchErrorHooks(
  name: string,
  { name: node, platform }: NormalEc2Node,
  zone: pulumi.Output<string>,
  parent: pulumi.Resource,
): pulumi.ResourceHookBinding | undefined {
  if (isMocked()) {
    return undefined;
  }
  const explain = async ({ newInputs, errors }: pulumi.ErrorHookArgs) => {
    const inputs = await resolved(pulumi.output((newInputs ?? {}) as { instanceType?: string }));
    const launch = { node, platform, type: inputs.instanceType ?? "unknown", zone: await resolved(zone) };
    const explanation = describeLaunchFailure(errors[0] ?? "", launch);
    if (explanation) {
      void pulumi.log.error(plainText(explanation), parent);
    }
    return false;
  };
  return { onError: [errorHook(name, "launch", explain)] };
}
