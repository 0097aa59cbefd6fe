import { hooksLookUp } from "./build";
import { allow, type Statement } from "./document";
import type { Ec2Kind, Scope } from "./scope";
import { look, passNodeRoles, tagOnCreation } from "./statements";

/** What the aws provider looks up for any builder. */
const lookUp = [
  "ec2:DescribeImages",
  "ec2:DescribeInstanceTypeOfferings",
  "ec2:DescribeInstanceTypes",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeRouteTables",
  "ec2:DescribeSecurityGroupRules",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeTags",
  "ec2:DescribeVolumes",
  "ec2:DescribeVolumesModifications",
  "ec2:DescribeVpcAttribute",
  "ec2:DescribeVpcs",
  "ssm:DescribeParameters",
];

/** What declares a builder whose nodes stay, and builds with it. */
export function manageStatements(scope: Scope): Statement[] {
  return [
    look([
      ...lookUp,
      ...hooksLookUp,
      "ec2:DescribeIamInstanceProfileAssociations",
      "ec2:DescribeInstanceCreditSpecifications",
      // Not for some alarms alone: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
      "cloudwatch:DescribeAlarms",
    ]),
    backstop(scope),
    ...declared(scope, "instance", "RunInstances", [
      "ec2:AssociateIamInstanceProfile",
      "ec2:AttachVolume",
      // The user data of an instance may be a secret: of others it is not to be read.
      "ec2:DescribeInstanceAttribute",
      "ec2:DetachVolume",
      "ec2:DisassociateIamInstanceProfile",
      "ec2:GetConsoleOutput",
      "ec2:ModifyInstanceAttribute",
      "ec2:ModifyInstanceMetadataOptions",
      "ec2:ReplaceIamInstanceProfileAssociation",
      // Into its own group: of what is not there yet, no tag of its own says whose it is.
      "ec2:RunInstances",
      "ec2:StartInstances",
      "ec2:StopInstances",
      "ec2:TerminateInstances",
    ]),
    allow(
      "LaunchWith",
      ["ec2:RunInstances"],
      scope.ec2("image", "network-interface", "subnet"),
      scope.bringsNoInterface(),
    ),
  ];
}

/**
 * An alarm for each node. CloudWatch makes the role that it stops instances with at an account's first such alarm, with
 * the caller's permissions. By that role an alarm acts on whatever instance its metric is of, so that only what it does
 * can be restricted: no condition knows of a metric's instance.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-service-linked-roles.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-alarm-actions.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
 */
function backstop(scope: Scope): Statement {
  return allow(
    "Backstop",
    [
      "cloudwatch:DeleteAlarms",
      "cloudwatch:ListTagsForResource",
      "cloudwatch:PutMetricAlarm",
      "cloudwatch:TagResource",
      "cloudwatch:UntagResource",
      "iam:CreateServiceLinkedRole",
    ],
    // The role's own ARN says for which service: a condition would say it twice, and a policy has room for so much.
    [...scope.alarms(), ...scope.role("aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents")],
    // Of the other calls, which have no such actions, it asks nothing.
    scope.stopsAlone(),
  );
}

/** What declares a builder whose nodes each update launches. */
export function manageEphemeralStatements(scope: Scope): Statement[] {
  return [
    look([...lookUp, "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"]),
    ...declared(scope, "launch-template", "CreateLaunchTemplate", [
      "ec2:CreateLaunchTemplateVersion",
      "ec2:DeleteLaunchTemplate",
      "ec2:ModifyLaunchTemplate",
    ]),
  ];
}

/** What any builder's stack makes, changes and deletes, and what of it is the machines'. */
function declared(
  scope: Scope,
  machine: "instance" | "launch-template",
  makesMachine: string,
  changesMachine: readonly string[],
): Statement[] {
  const made: Ec2Kind[] = [machine, "security-group", "volume"];
  return [
    allow("NewestAmi", ["ssm:GetParameter"], scope.publicParameters("/aws/service/debian/*")),
    allow("Make", [`ec2:${makesMachine}`, "ec2:CreateVolume"], scope.ec2(machine, "volume"), scope.becomesOwn()),
    allow("MakeGroup", ["ec2:CreateSecurityGroup"], scope.ec2("security-group"), scope.becomesOwn()),
    allow("MakeGroupInVpc", ["ec2:CreateSecurityGroup"], scope.ec2("vpc")),
    tagOnCreation(scope, "TagMade", made, [makesMachine, "CreateSecurityGroup", "CreateVolume"]),
    // The provider tags a rule after it has made it, and no condition knows of whose group a rule is.
    allow("TagRules", ["ec2:CreateTags"], scope.ec2("security-group-rule"), scope.becomesOwn(), scope.isOwnOrNobodys()),
    allow(
      "ChangeTags",
      ["ec2:CreateTags", "ec2:DeleteTags"],
      scope.ec2(...made, "security-group-rule"),
      scope.isOwn(),
      scope.staysOwn(),
    ),
    allow(
      "Change",
      [
        ...changesMachine,
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteVolume",
        "ec2:ModifySecurityGroupRules",
        "ec2:ModifyVolume",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
      ],
      scope.ec2(...made, "security-group-rule"),
      scope.isOwn(),
    ),
    allow(
      "NodeRoles",
      [
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:CreateRole",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetInstanceProfile",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:PutRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:TagRole",
        "iam:UntagInstanceProfile",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
      ],
      [...scope.nodeRoles(), ...scope.nodeProfiles()],
    ),
    // For the profile, and for the instance.
    passNodeRoles(scope),
    allow(
      "Parameters",
      [
        "ssm:AddTagsToResource",
        "ssm:DeleteParameter",
        "ssm:GetParameter",
        "ssm:GetParameters",
        "ssm:ListTagsForResource",
        "ssm:PutParameter",
        "ssm:RemoveTagsFromResource",
      ],
      scope.parameters(),
    ),
  ];
}
