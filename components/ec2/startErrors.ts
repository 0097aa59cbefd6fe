import type { Instance } from "@aws-sdk/client-ec2";

import { BuildError } from "../errors";
import { quotaOf, quotaRequest } from "./quotas";

const capacityCodes = ["InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity"];
const quotaCodes = ["VcpuLimitExceeded", "InstanceLimitExceeded"];

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
  const type = instance.InstanceType ?? "unknown";
  const zone = instance.Placement?.AvailabilityZone ?? "unknown";
  const subject = `node ${node} (${instance.InstanceId}) could not be started`;
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
