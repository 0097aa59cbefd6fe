import type { ApiCall } from "./control";
import type { ConditionKeys, Permission } from "./policy";

/** The permission that tags need which are given to what the call makes. */
const tagging: Record<string, string> = {
  "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
  "ec2:RunInstances": "ec2:CreateTags",
  "ec2:CreateFleet": "ec2:CreateTags",
  "ec2:CreateLaunchTemplate": "ec2:CreateTags",
  "ec2:CreateVolume": "ec2:CreateTags",
  "ec2:CreateSecurityGroup": "ec2:CreateTags",
  "ecr:CreateRepository": "ecr:TagResource",
  "ecs:CreateCluster": "ecs:TagResource",
  "ecs:CreateService": "ecs:TagResource",
  "ecs:RegisterTaskDefinition": "ecs:TagResource",
  "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
  "iam:CreateRole": "iam:TagRole",
  "logs:CreateLogGroup": "logs:TagResource",
  "ssm:PutParameter": "ssm:AddTagsToResource",
};

/**
 * The permissions that a call needs: one for each resource that it is about, and those for what it does beside that.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function permissionsOf({
  service,
  operation,
  resources,
  requestTags,
  passedRoles,
  policyArn,
  alarmActions,
}: ApiCall): Permission[] {
  const action = `${service}:${operation}`;
  const found: ApiCall["resources"] = resources.length > 0 ? resources : [{ arn: "*", tags: {} }];
  const template = launchTemplateOf(action, resources);
  const permissions: Permission[] = found.map(({ arn, tags, given = requestTags }) => ({
    action,
    resource: arn,
    keys: {
      ...template,
      ...interfaceOf(arn),
      ...(policyArn && { "iam:PolicyARN": policyArn }),
      ...(alarmActions.length > 0 && { "cloudwatch:AlarmActions": alarmActions }),
      ...prefixed("aws:RequestTag/", given),
      ...prefixed("aws:ResourceTag/", tags),
    },
  }));
  if (tagging[action]) {
    for (const { arn, given = service === "ec2" ? {} : requestTags } of resources) {
      if (Object.keys(given).length > 0) {
        const keys = { ...prefixed("aws:RequestTag/", given), "ec2:CreateAction": operation };
        permissions.push({ action: tagging[action], resource: arn, keys });
      }
    }
  }
  const isProfile = action === "iam:AddRoleToInstanceProfile";
  const added = isProfile ? resources.map(({ arn }) => arn).filter((arn) => arn.includes(":role/")) : [];
  const keys = { "iam:PassedToService": service === "ecs" ? "ecs-tasks.amazonaws.com" : "ec2.amazonaws.com" };
  permissions.push(...[...added, ...passedRoles].map((arn) => ({ action: "iam:PassRole", resource: arn, keys })));
  return permissions;
}

/** RunInstances alone tells it: CreateFleet has the template as a resource, and no such condition. */
function launchTemplateOf(action: string, resources: ApiCall["resources"]): ConditionKeys {
  const template = resources.find(({ arn }) => arn.includes(":launch-template/"));
  return action === "ec2:RunInstances" && template ? { "ec2:LaunchTemplate": template.arn } : {};
}

/** Of what is made AWS has no id yet: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
function interfaceOf(arn: string): ConditionKeys {
  const [, id] = /:network-interface\/(eni-\w+)$/.exec(arn) ?? [];
  return id ? { "ec2:NetworkInterfaceID": id } : {};
}

function prefixed(prefix: string, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}
