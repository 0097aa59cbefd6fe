import * as pulumi from "@pulumi/pulumi";

import { describeLaunchFailure } from "../startErrors";
import { usualLaunch } from "../usual";
import { errorHook, resourceHook } from "../../../pulumi/hookNames";
import { say } from "../../../pulumi/log";
import { isMocked } from "../../../pulumi/mocks";
import { plainText } from "../../../support/plainText";
import { resolved } from "../../../pulumi/resolved";
import type { NormalEc2Node } from "../normalNode";

const tellEveryMilliseconds = 10_000;

/**
 * Around the provider's own launch, in which no hook of an image has a word yet: says what is waited for and for how long,
 * and what a refused launch means: a new account's first update fails here, with AWS's own words. It retries nothing.
 */
export function launchHooks(
  name: string,
  { name: node, platform }: NormalEc2Node,
  zone: pulumi.Output<string>,
  parent: pulumi.Resource,
): pulumi.ResourceHookBinding | undefined {
  if (isMocked()) {
    return undefined;
  }
  let wait: LaunchWait | undefined;
  const log = (text: string, isPassing?: boolean) => void say("info", text, parent, isPassing);
  const typeIn = async (inputs: object | undefined): Promise<string> => {
    const { instanceType } = await resolved(pulumi.output((inputs ?? {}) as { instanceType?: string }));
    return instanceType ?? "unknown";
  };
  const begin = async ({ newInputs }: pulumi.ResourceHookArgs) => {
    wait = new LaunchWait(`EC2 to launch node ${node} (${platform}, ${await typeIn(newInputs)})`, log);
  };
  const end = ({ newOutputs }: pulumi.ResourceHookArgs) => {
    wait?.end(`node ${node} is launched as instance ${String((newOutputs as { id?: unknown } | undefined)?.id)}`);
  };
  const explain = async ({ newInputs, errors }: pulumi.ErrorHookArgs) => {
    wait?.end();
    const launch = { node, platform, type: await typeIn(newInputs), zone: await resolved(zone) };
    const explanation = describeLaunchFailure(errors[0] ?? "", launch);
    if (explanation) {
      await say("error", plainText(explanation), parent);
    }
    return false;
  };
  return {
    beforeCreate: [resourceHook(name, "launching", begin)],
    afterCreate: [resourceHook(name, "launched", end)],
    onError: [errorHook(name, "launch", explain)],
  };
}

/** A wait that has begun, until it is said to be over. */
export class LaunchWait {
  private readonly start = Date.now();
  private readonly timer: NodeJS.Timeout;

  constructor(
    what: string,
    private readonly say: (text: string, isPassing?: boolean) => void,
  ) {
    say(`waiting for ${what}: ${usualLaunch}`);
    this.timer = setInterval(
      () => say(`waiting for ${what}, ${this.seconds()} s: ${usualLaunch}`, true),
      tellEveryMilliseconds,
    );
    // A program that ends otherwise is not kept for it.
    this.timer.unref();
  }

  end(text?: string): void {
    clearInterval(this.timer);
    if (text !== undefined) this.say(`${text}, after ${this.seconds()} s`);
  }

  private seconds(): number {
    return Math.round((Date.now() - this.start) / 1_000);
  }
}
