import type { _InstanceType, CreateFleetCommandInput, CreateFleetError } from "@aws-sdk/client-ec2";

import { BuildError } from "../../../../support/errors";
import type { Ec2EphemeralNode } from "../../connection";
import { freePlanRefusal } from "../../freePlan";
import { quotaOf, quotaRequest } from "../../quotas";

export type CapacityType = Ec2EphemeralNode["capacityType"];

/**
 * The subnets to ask for a node, one step after the other: each only where the one before had no capacity. A warm cache is
 * worth more than a preferred type, so the cache's zone comes first. It is asked for alone: for spot instances AWS looks at
 * capacity before priorities, and would often choose another zone.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-allocation-strategy.html
 */
export function launchSteps({ subnets, cacheVolume }: Ec2EphemeralNode): string[][] {
  // AWS refuses a type twice in one zone.
  const distinct = subnets.filter(({ zone }, at, all) => all.findIndex((each) => each.zone === zone) === at);
  const [own, others] = [true, false].map((isOwn) =>
    distinct.filter(({ zone }) => (zone === cacheVolume.zone) === isOwn).map(({ id }) => id),
  );
  return [own, others].filter((step) => step.length > 0);
}

/**
 * One instance, of the first type and subnet that AWS has capacity for. On demand the order is kept; for spot it is a wish.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instant-fleet.html
 */
export function fleetRequest(
  node: Ec2EphemeralNode,
  subnetIds: readonly string[],
  capacityType: CapacityType,
  clientToken: string,
): CreateFleetCommandInput {
  const pools = subnetIds.flatMap((SubnetId) =>
    node.instanceTypes.map((type) => ({ InstanceType: type as _InstanceType, SubnetId })),
  );
  return {
    Type: "instant",
    ClientToken: clientToken,
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: node.launchTemplateId,
          Version: node.launchTemplateVersion,
        },
        Overrides: pools.map((pool, Priority) => ({ ...pool, Priority })),
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: capacityType },
    ...(capacityType === "spot"
      ? { SpotOptions: { AllocationStrategy: "capacity-optimized-prioritized" } }
      : { OnDemandOptions: { AllocationStrategy: "prioritized" } }),
  };
}

/** What a fleet without an instance calls for: another way to buy, patience, or an end. */
export type FleetFailure =
  { kind: "no-capacity"; why: string } | { kind: "late"; why: string } | { kind: "final"; error: BuildError };

const capacityCodes =
  /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientCapacity|UnfulfillableCapacity|SpotMaxPriceTooLow|Unsupported|UnsupportedOperation|InvalidFleetConfiguration)$/;
const quotaCodes = /^(VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded)$/;
/** What was made a moment ago is not known everywhere at once. */
const lateCodes =
  /^(InvalidLaunchTemplateId\.NotFound|InvalidLaunchTemplateId\.VersionNotFound|InvalidSubnetID\.NotFound)$/;
const missingSpotRole = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";
const lateProfile = /instance profile/i;

/** What the errors of a fleet that launched nothing call for: the gravest counts. */
export function classifyFleetErrors(
  node: Ec2EphemeralNode,
  region: string,
  errors: readonly CreateFleetError[],
): FleetFailure {
  const named = errors.map(({ ErrorCode = "", ErrorMessage = "", LaunchTemplateAndOverrides }) => ({
    code: ErrorCode,
    message: ErrorMessage.replace(/\s*Encoded authorization failure message:.*$/s, ""),
    type: LaunchTemplateAndOverrides?.Overrides?.InstanceType ?? node.instanceTypes[0],
  }));
  const subject = `node ${node.name} could not be launched`;
  const quota = named.find(({ code }) => quotaCodes.test(code));
  if (quota) {
    const { code, name } = quotaOf(quota.type);
    return final(
      `${subject}: a quota is used up in ${region} (${quota.code}: ${quota.message}). ` +
        (quota.code === "MaxSpotInstanceCountExceeded"
          ? 'Fix: ask for more of the quota of spot instances in Service Quotas (service code ec2), or set `capacityType: "on-demand"`.'
          : `Fix: ask for more of "${name}" at ${quotaRequest({ code, name }, region)}; or stop other instances, or name smaller \`instanceTypes\`.`),
    );
  }
  for (const { code, message, type } of named) {
    const launch = { node: node.name, platform: node.platform, type, argument: "instanceTypes" as const };
    const refusal = freePlanRefusal(code, message.replace(/[.\s]+$/, ""), launch);
    if (refusal) {
      return final(`${subject}: ${refusal}`);
    }
  }
  const noRole = named.find(({ code }) => code === missingSpotRole);
  if (noRole) {
    return final(
      `${subject}: this account has had no spot instance yet, and the caller may not make the role AWSServiceRoleForEC2Spot that they need (${noRole.code}). ` +
        "Fix: run `aws iam create-service-linked-role --aws-service-name spot.amazonaws.com` once as an administrator, " +
        "or give the caller the policy of `multi-platform-image policy BUILDER --for build-ephemeral`, which allows it.",
    );
  }
  const late = named.find(({ code, message }) => lateCodes.test(code) || lateProfile.test(message));
  if (late) {
    return { kind: "late", why: `AWS to know what was just made (${late.code})` };
  }
  const other = named.find(({ code }) => !capacityCodes.test(code));
  if (other) {
    return final(`${subject}: ${other.code}: ${other.message.replace(/\.$/, "")}.`);
  }
  const codes = [...new Set(named.map(({ code }) => code))].join(", ") || "no reason given";
  return { kind: "no-capacity", why: codes };
}

function final(message: string): FleetFailure {
  return { kind: "final", error: new BuildError(message) };
}

/** Where there is no capacity at all. */
export function noCapacity(node: Ec2EphemeralNode, region: string, why: string): BuildError {
  const zones = node.subnets.map(({ zone }) => zone).join(", ");
  return new BuildError(
    `node ${node.name} could not be launched: AWS has no free ${node.instanceTypes.join(", ")} in ${zones} of ${region} now (${why}). ` +
      `Fix: try again later, or name more \`instanceTypes\` or \`subnetIds\` for node ${node.name}.`,
  );
}
