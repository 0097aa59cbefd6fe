import type { Instance } from "@aws-sdk/client-ec2";

import { BuildError } from "../../support/errors";
import type { Platform } from "../../support/platforms";
import { freePlanRefusal } from "./freePlan";
import { quotaOf, quotaRequest } from "./quotas";

const capacityCodes = ["InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity"];
const quotaCodes = ["VcpuLimitExceeded", "InstanceLimitExceeded"];

/** An instance that did not come up. */
interface FailedInstance {
  /** How the sentence begins. */
  subject: string;
  node: string;
  type: string;
  zone: string;
}

/**
 * Why an instance could not be started, as a sentence with its fix, for what can't be started for now: from the error of
 * the call, or from the `StateReason` of an instance that ended while it started.
 */
export function describeStartFailure(
  code: string,
  message: string,
  node: string,
  instance: Instance,
): BuildError | undefined {
  return describe(code, message, {
    subject: `node ${node} (${instance.InstanceId}) could not be started`,
    node,
    type: instance.InstanceType ?? "unknown",
    zone: instance.Placement?.AvailabilityZone ?? "unknown",
  });
}

/** The same for a new instance, from the aws provider's error: `creating EC2 Instance: operation error EC2: RunInstances, …`. */
export function describeLaunchFailure(
  error: string,
  launch: { node: string; platform: Platform; type: string; zone: string },
): string | undefined {
  // As AWS's SDK for Go ends its errors; it may be followed by more lines.
  const [, code, text] = /\bapi error ([\w.]+): ([^\n]+)/.exec(error) ?? [];
  if (!code) {
    return undefined;
  }
  const message = text.replace(/[.\s]+$/, "");
  const subject = `node ${launch.node} could not be launched`;
  const refusal = freePlanRefusal(code, message, { ...launch, argument: "instanceType" });
  return refusal ? `${subject}: ${refusal}` : describe(code, message, { ...launch, subject })?.message;
}

function describe(
  code: string,
  message: string,
  { subject, node, type, zone }: FailedInstance,
): BuildError | undefined {
  if (capacityCodes.includes(code)) {
    return new BuildError(
      `${subject}: AWS has no free ${type} in ${zone} now (${code}). ` +
        `Fix: try again later, set another \`instanceType\` for node ${node} (its cache stays), or a \`subnetId\` in another zone (without its cache).`,
    );
  }
  if (quotaCodes.includes(code)) {
    const quota = quotaOf(type);
    return new BuildError(
      `${subject}: the quota "${quota.name}" (${quota.code}) in ${regionOf(zone)} has too few vCPUs left for a ${type} (${code}: ${message}). ` +
        `Fix: ask for more at ${quotaRequest(quota, regionOf(zone))}; or stop other instances, or use a smaller \`instanceType\`.`,
    );
  }
  if (code === "Unsupported" || code === "UnsupportedOperation") {
    return new BuildError(
      `${subject}: ${type} can't run in ${zone} (${code}: ${message}). Fix: set another \`instanceType\` or \`subnetId\` for node ${node}.`,
    );
  }
  return undefined;
}

/** `us-east-1` of `us-east-1a`; local zones have longer names. */
function regionOf(zone: string): string {
  return /^[a-z]+(-[a-z]+)+-\d+/.exec(zone)?.[0] ?? zone;
}
