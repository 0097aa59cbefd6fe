/**
 * Statements that several policies have. Which resources and conditions an action knows is in AWS's Service Authorization
 * Reference, for what is here and in the files beside:
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
 */
import { allow, type Statement } from "./document";
import type { Ec2Kind, Scope } from "./scope";

/** Look-ups that know neither resources nor tags. */
export function look(actions: readonly string[]): Statement {
  return allow("Look", [...new Set([...actions, "sts:GetCallerIdentity"])].sort(), ["*"]);
}

/** What is done to instances from outside of their stack. */
export function nodes(scope: Scope, actions: string[]): Statement {
  return allow("Nodes", actions, scope.ec2("instance"), scope.isOwn());
}

export function attachCache(scope: Scope): Statement {
  return allow("AttachCache", ["ec2:AttachVolume"], scope.ec2("instance", "volume"), scope.isOwn());
}

/** A rule for the caller's own address, as long as it builds. */
export function letCallerIn(scope: Scope): Statement {
  const actions = [
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
  ];
  return allow("LetCallerIn", actions, scope.ec2("security-group"), scope.isOwn());
}

/** Who needs the nodes, and until when. */
export function claim(scope: Scope): Statement {
  return allow("Claim", ["ssm:GetParameter", "ssm:PutParameter"], scope.parameters("lease"));
}

export function passNodeRoles(scope: Scope): Statement {
  return allow("PassNodeRoles", ["iam:PassRole"], scope.nodeRoles(), {
    StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" },
  });
}

/** Tags that are given with what is made, and to nothing that is there. */
export function tagOnCreation(scope: Scope, sid: string, kinds: Ec2Kind[], actions: string[]): Statement {
  return allow(sid, ["ec2:CreateTags"], scope.ec2(...kinds), scope.becomesOwn(), {
    StringEquals: { "ec2:CreateAction": actions },
  });
}

/**
 * A fleet's launch is asked twice: CreateFleet as a whole, and RunInstances for the instance, both with the caller's
 * permissions. A call is allowed if it is for each of its resources, so that a condition on one of them binds it.
 */
export function launch(scope: Scope): Statement[] {
  return [
    // CreateFleet knows no template's tags of what is launched, and gives the fleet none: whose it is, the template says.
    allow(
      "Fleet",
      ["ec2:CreateFleet"],
      scope.ec2("fleet", "image", "instance", "network-interface", "subnet", "volume"),
    ),
    allow("OwnTemplate", ["ec2:CreateFleet", "ec2:RunInstances"], scope.ec2("launch-template"), scope.isOwn()),
    allow("OwnGroup", ["ec2:CreateFleet", "ec2:RunInstances"], scope.ec2("security-group"), scope.isOwn()),
    // To RunInstances the tags that the template gives are tags of the request, on which Karpenter's policy relies, too:
    // https://karpenter.sh/docs/reference/cloudformation/#allowscopedec2instanceactionswithtags
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/use-launch-templates-to-control-launching-instances.html
    allow(
      "Launch",
      ["ec2:RunInstances"],
      scope.ec2("instance", "volume"),
      scope.becomesOwn(),
      scope.becomesEphemeral(),
      scope.isFromTemplate(),
    ),
    // Of these the template says the image alone: a fleet has subnets of its own.
    allow(
      "LaunchWith",
      ["ec2:RunInstances"],
      scope.ec2("image", "network-interface", "subnet"),
      scope.isFromTemplate(),
      scope.bringsNoInterface(),
    ),
    // It has no condition of a template, and is nothing without its instance.
    allow("LaunchSpot", ["ec2:CreateFleet", "ec2:RunInstances"], scope.ec2("spot-instances-request")),
    tagOnCreation(scope, "TagLaunched", ["instance", "volume"], ["CreateFleet", "RunInstances"]),
    passNodeRoles(scope),
    // EC2 makes it at the first spot instance of an account, with the caller's permissions:
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
    allow(
      "FirstSpotInstanceOfTheAccount",
      ["iam:CreateServiceLinkedRole"],
      scope.role("aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"),
      { StringEquals: { "iam:AWSServiceName": "spot.amazonaws.com" } },
    ),
  ];
}
