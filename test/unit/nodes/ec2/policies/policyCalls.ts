import { nodeRoleName } from "../../../../../components/nodes/ec2/roleName";
import { parameterNames, tagNames } from "../../../../../components/nodes/ec2/connection";
import type { CallerRole } from "../../../../../components/nodes/ec2/policies/policyTable";
import type { ConditionKeys, Permission } from "../../../../cloud/policy";

/** A builder's registered name; `undefined` for what has no tag of a builder. */
export type Owner = string | undefined;

/** A call that somebody makes on what is a builder's, and all that IAM asks for it. */
export interface Call {
  what: string;
  /** Those who make it. */
  by: readonly CallerRole[];
  asks: (owner: Owner) => Permission[];
}

const ec2 = (kind: string, owner = "111122223333") => `arn:aws:ec2:eu-west-1:${owner}:${kind}`;
const iam = (kind: string, owner: Owner) =>
  `arn:aws:iam::111122223333:${kind}/${owner ? nodeRoleName(owner, "amd64") : "administrator"}`;

const alarm = (owner: Owner) =>
  `arn:aws:cloudwatch:eu-west-1:111122223333:alarm:${owner ? nodeRoleName(owner, "amd64") : "administrators"}`;

/** Of all that an alarm does in any state: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-alarm-actions.html */
export const putAlarm = (owner: Owner, ...actions: string[]): Permission => ({
  action: "cloudwatch:PutMetricAlarm",
  resource: alarm(owner),
  keys: { "cloudwatch:AlarmActions": actions },
});

const has = (owner: Owner): ConditionKeys => (owner ? { [`aws:ResourceTag/${tagNames.builder}`]: owner } : {});
const gets = (owner: Owner): ConditionKeys => (owner ? { [`aws:RequestTag/${tagNames.builder}`]: owner } : {});

/** On something that is there. */
const on = (action: string, kind: string, owner: Owner, more: ConditionKeys = {}): Permission => ({
  action: `ec2:${action}`,
  resource: ec2(`${kind}/${kind}-1`),
  keys: { ...has(owner), ...more },
});

/** On something that it makes, and tags. */
const making = (action: string, kind: string, owner: Owner, more: ConditionKeys = {}): Permission[] => [
  { action: `ec2:${action}`, resource: ec2(`${kind}/*`), keys: { ...gets(owner), ...more } },
  ...(owner
    ? [{ action: "ec2:CreateTags", resource: ec2(`${kind}/*`), keys: { ...gets(owner), "ec2:CreateAction": action } }]
    : []),
];

export const passRole = (owner: Owner, service = "ec2.amazonaws.com"): Permission => ({
  action: "iam:PassRole",
  resource: iam("role", owner),
  keys: { "iam:PassedToService": service },
});

/** What a launch needs that is nobody's. */
const surroundings = (action: string, keys: ConditionKeys): Permission[] => [
  { action: `ec2:${action}`, resource: ec2("image/ami-1", ""), keys },
  { action: `ec2:${action}`, resource: ec2("subnet/subnet-1"), keys },
  { action: `ec2:${action}`, resource: ec2("network-interface/*"), keys },
];

export const launch = (owner: Owner, template: ConditionKeys = {}): Permission[] => [
  ...making("RunInstances", "instance", owner, template),
  ...making("RunInstances", "volume", owner, template),
  on("RunInstances", "security-group", owner, template),
  ...surroundings("RunInstances", template),
  passRole(owner),
];

/** What a template says of its launches. */
export const template = { "ec2:LaunchTemplate": ec2("launch-template/launch-template-1") };
const ephemeral = { [`aws:RequestTag/${tagNames.lifecycle}`]: "ephemeral" };

const fleet = (owner: Owner): Permission[] => {
  return [
    ...["fleet/*", "instance/*", "volume/*", "spot-instances-request/*"].map((kind) => ({
      action: "ec2:CreateFleet",
      resource: ec2(kind),
      keys: {},
    })),
    ...surroundings("CreateFleet", {}),
    on("CreateFleet", "launch-template", owner),
    on("CreateFleet", "security-group", owner),
    on("RunInstances", "launch-template", owner, template),
    { action: "ec2:RunInstances", resource: ec2("spot-instances-request/*"), keys: {} },
    ...launch(owner, { ...template, ...ephemeral }),
  ];
};

const managers = ["manage", "manage-ephemeral"] as const;
const builders = ["build", "build-ephemeral", "command-line"] as const;

function each(
  actions: string,
  by: readonly CallerRole[],
  asks: (action: string, owner: Owner) => Permission[],
): Call[] {
  return actions.split(" ").map((action) => ({ what: action, by, asks: (owner) => asks(action, owner) }));
}

const parameter = (action: string, name: string): Permission[] => [
  { action: `ssm:${action}`, resource: `arn:aws:ssm:eu-west-1:111122223333:parameter${name}`, keys: {} },
];

/** Every call that a documented policy allows, besides look-ups. */
export const calls: Call[] = [
  ...each(
    "DescribeInstanceAttribute ModifyInstanceAttribute ModifyInstanceMetadataOptions",
    ["manage"],
    (action, owner) => [on(action, "instance", owner)],
  ),
  ...each("DisassociateIamInstanceProfile", ["manage"], (action, owner) => [on(action, "instance", owner)]),
  ...each("AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation", ["manage"], (action, owner) => [
    on(action, "instance", owner),
    passRole(owner),
  ]),
  ...each("StartInstances StopInstances", ["manage", "build", "command-line"], (action, owner) => [
    on(action, "instance", owner),
  ]),
  ...each("TerminateInstances", ["manage", "build-ephemeral", "command-line"], (action, owner) => [
    on(action, "instance", owner),
  ]),
  ...each("GetConsoleOutput", ["manage", ...builders], (action, owner) => [on(action, "instance", owner)]),
  ...each("AttachVolume", ["manage", "build-ephemeral"], (action, owner) => [
    on(action, "instance", owner),
    on(action, "volume", owner),
  ]),
  ...each("DetachVolume", ["manage"], (action, owner) => [on(action, "instance", owner), on(action, "volume", owner)]),
  ...each("RunInstances", ["manage"], (_, owner) => launch(owner)),
  ...each("CreateFleet", ["build-ephemeral"], (_, owner) => fleet(owner)),
  ...each("CreateLaunchTemplate", ["manage-ephemeral"], (action, owner) => making(action, "launch-template", owner)),
  ...each(
    "CreateLaunchTemplateVersion DeleteLaunchTemplate ModifyLaunchTemplate",
    ["manage-ephemeral"],
    (action, owner) => [on(action, "launch-template", owner)],
  ),
  ...each("CreateVolume", managers, (action, owner) => making(action, "volume", owner)),
  ...each("DeleteVolume ModifyVolume", managers, (action, owner) => [on(action, "volume", owner)]),
  ...each("CreateSecurityGroup", managers, (action, owner) => [
    ...making(action, "security-group", owner),
    on(action, "vpc", undefined),
  ]),
  ...each("DeleteSecurityGroup AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress", managers, (action, owner) => [
    on(action, "security-group", owner),
  ]),
  ...each(
    "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsIngress",
    [...managers, ...builders],
    (action, owner) => [on(action, "security-group", owner)],
  ),
  ...each("ModifySecurityGroupRules", managers, (action, owner) => [
    on(action, "security-group", owner),
    on(action, "security-group-rule", owner),
  ]),
  ...["volume", "security-group", "security-group-rule"].flatMap((kind) =>
    each("CreateTags DeleteTags", managers, (action, owner) => [on(action, kind, owner)]),
  ),
  ...each("CreateTags DeleteTags", ["manage"], (action, owner) => [on(action, "instance", owner)]),
  ...each("CreateTags DeleteTags", ["manage-ephemeral"], (action, owner) => [on(action, "launch-template", owner)]),
  ...each(
    "CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole " +
      "ListRolePolicies PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
    managers,
    (action, owner) => [{ action: `iam:${action}`, resource: iam("role", owner), keys: {} }],
  ),
  ...each(
    "CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile",
    managers,
    (action, owner) => [{ action: `iam:${action}`, resource: iam("instance-profile", owner), keys: {} }],
  ),
  ...each("DeleteAlarms ListTagsForResource TagResource UntagResource", ["manage"], (action, owner) => [
    { action: `cloudwatch:${action}`, resource: alarm(owner), keys: {} },
  ]),
  ...each("PutMetricAlarm", ["manage"], (_, owner) => [putAlarm(owner, "arn:aws:automate:eu-west-1:ec2:stop")]),
  ...each("AddRoleToInstanceProfile", managers, (action, owner) => [
    { action: `iam:${action}`, resource: iam("instance-profile", owner), keys: {} },
    passRole(owner),
  ]),
  ...each("GetParameter PutParameter", [...managers, ...builders], (action, owner = "") =>
    parameter(action, parameterNames.lease(owner)),
  ),
  ...each("GetParameter", [...managers, "command-line"], (action, owner = "") =>
    parameter(action, parameterNames.connection(owner)),
  ),
  ...each("PutParameter", managers, (action, owner = "") => parameter(action, parameterNames.connection(owner))),
  ...each(
    "AddTagsToResource DeleteParameter GetParameter GetParameters ListTagsForResource PutParameter RemoveTagsFromResource",
    managers,
    (action, owner = "") => [
      ...parameter(action, parameterNames.settings(owner, "amd64")),
      ...parameter(action, parameterNames.tls(owner, "amd64")),
    ],
  ),
];
