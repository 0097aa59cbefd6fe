import type { ApiCall } from "./control";
import type { ConditionKeys } from "./policy";

/** What IAM asks a caller's policies for, all of it for one call. */
export interface Permission {
  action: string;
  /** An ARN, or `*` where the action knows no resources. */
  resource: string;
  keys: ConditionKeys;
}

/** The permission that tags need which are given to what the call makes. */
const tagging: Record<string, string> = {
  "ec2:RunInstances": "ec2:CreateTags",
  "ec2:CreateFleet": "ec2:CreateTags",
  "ec2:CreateLaunchTemplate": "ec2:CreateTags",
  "ec2:CreateVolume": "ec2:CreateTags",
  "ec2:CreateSecurityGroup": "ec2:CreateTags",
  "ecr:CreateRepository": "ecr:TagResource",
  "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
  "iam:CreateRole": "iam:TagRole",
  "ssm:PutParameter": "ssm:AddTagsToResource",
};

/** The kinds of what is made in EC2 to which this library gives tags. */
const tagged = /:(fleet|instance|launch-template|volume|security-group)\/\*$/;

/**
 * The permissions that a call needs: one for each resource that it is about, and those for what it does beside that.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function permissionsOf({ service, operation, resources, requestTags, passedRoles }: ApiCall): Permission[] {
  const action = `${service}:${operation}`;
  const requested = prefixed("aws:RequestTag/", requestTags);
  const found = resources.length > 0 ? resources : [{ arn: "*", tags: {} }];
  const permissions: Permission[] = found.map(({ arn, tags }) => ({
    action,
    resource: arn,
    keys: { ...requested, ...prefixed("aws:ResourceTag/", tags) },
  }));
  if (tagging[action] && Object.keys(requestTags).length > 0) {
    for (const { arn } of resources.filter((each) => service !== "ec2" || tagged.test(each.arn))) {
      permissions.push({
        action: tagging[action],
        resource: arn,
        keys: { ...requested, "ec2:CreateAction": operation },
      });
    }
  }
  const isProfile = action === "iam:AddRoleToInstanceProfile";
  const added = isProfile ? resources.map(({ arn }) => arn).filter((arn) => arn.includes(":role/")) : [];
  const keys = { "iam:PassedToService": "ec2.amazonaws.com" };
  permissions.push(...[...added, ...passedRoles].map((arn) => ({ action: "iam:PassRole", resource: arn, keys })));
  return permissions;
}

function prefixed(prefix: string, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}
