import { EC2 } from "@aws-sdk/client-ec2";

import { tagNames } from "../../components/nodes/ec2/connection";
import type { Ec2Platform } from "../../components/nodes/ec2/arguments";
import type { PolicyDocument } from "../../components/nodes/ec2/policies/document";
import type { Identity } from "./account";
import type { DocumentedRole } from "./documentedPolicies";
import { instanceTypes, verifyTag } from "./settings";

/** What a launch needs that its template may say. */
export type LaunchPart = "image" | "network-interface";

/**
 * Allows all but a launch with something that is not as its template says, or of which AWS does not tell. Of a session it
 * takes from its role, at once, and gives nothing.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
 */
export function asTemplateSays(
  part: LaunchPart,
  partition: string,
): Omit<PolicyDocument, "Statement"> & {
  Statement: object[];
} {
  const Resource = `arn:${partition}:ec2:*:*:${part}/*`;
  const Condition = { BoolIfExists: { "ec2:IsLaunchTemplateResource": "false" } };
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "*", Resource: "*" },
      { Effect: "Deny", Action: "ec2:RunInstances", Resource, Condition },
    ],
  };
}

/**
 * Whether AWS takes a part of a fleet's launch for its template's: launches one instance of the run's own template, as a
 * session that may not do so otherwise, and terminates it.
 */
export async function isOfTemplate(
  part: LaunchPart,
  role: DocumentedRole,
  { region, arn, credentials }: Identity,
  runId: string,
): Promise<boolean> {
  const own = new EC2({ region, credentials });
  const { LaunchTemplates: [template] = [] } = await own.describeLaunchTemplates({
    Filters: [{ Name: `tag:${verifyTag}`, Values: [runId] }],
  });
  const { Subnets: [subnet] = [] } = await own.describeSubnets({
    Filters: [{ Name: "default-for-az", Values: ["true"] }],
  });
  const platform = template?.Tags?.find(({ Key }) => Key === tagNames.platform)?.Value as Ec2Platform;
  const session = await role.session(asTemplateSays(part, arn.split(":")[1]));
  const { Instances = [], Errors = [] } = await new EC2({ region, credentials: session }).createFleet({
    Type: "instant",
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: {
          LaunchTemplateId: template?.LaunchTemplateId,
          Version: String(template?.LatestVersionNumber),
        },
        Overrides: [{ InstanceType: instanceTypes[platform], SubnetId: subnet?.SubnetId }],
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" },
    OnDemandOptions: { AllocationStrategy: "prioritized" },
  });
  const InstanceIds = Instances.flatMap((each) => each.InstanceIds ?? []);
  if (InstanceIds.length > 0) {
    await own.terminateInstances({ InstanceIds });
    return true;
  }
  if (Errors.some(({ ErrorCode }) => ErrorCode === "UnauthorizedOperation")) {
    return false;
  }
  throw new Error(Errors.map(({ ErrorCode }) => ErrorCode).join(", ") || "the fleet has no instance and no error");
}
