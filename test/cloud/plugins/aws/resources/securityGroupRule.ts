import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupRulesCommand,
  type IpPermission,
  ModifySecurityGroupRulesCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";

import type { ResourceType } from "../../protocol/resource";
import type { Properties } from "../../protocol/values";
import { cidrFault } from "../cidr";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, retagEc2, tagged } from "../tags";

type Rule = {
  cidrIpv4?: string;
  cidrIpv6?: string;
  description?: string;
  fromPort?: number;
  ipProtocol: string;
  referencedSecurityGroupId?: string;
  securityGroupId: string;
  tagsAll?: Record<string, string>;
  toPort?: number;
};

const sources = ["cidrIpv4", "cidrIpv6", "referencedSecurityGroupId"] as const;

type Direction = "Ingress" | "Egress";

/**
 * One rule of a group, which leaves the group's other rules alone.
 * https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_security_group_ingress_rule.go
 */
const type = (direction: Direction): ResourceType<Aws> => ({
  attributes: {
    arn: { kind: "computed" },
    cidrIpv4: { kind: "optional" },
    cidrIpv6: { kind: "optional" },
    description: { kind: "optional" },
    fromPort: { kind: "optional" },
    ipProtocol: { kind: "required" },
    referencedSecurityGroupId: { kind: "optional" },
    securityGroupId: { kind: "required", replaces: true },
    securityGroupRuleId: { kind: "computed" },
    toPort: { kind: "optional" },
  },
  check: (inputs) => ({ ...wrongNetworks(inputs), ...wrongPorts(inputs), ...severalSources(inputs) }),
  // Create of that file returns before it sets a state: a rule that can't be tagged is there, and nobody knows it.
  forgetsUnsettled: true,
  modifyPlan({ state, planned, differences }) {
    const sourceOf = (rule: Properties): string | undefined => sources.find((name) => rule[name]);
    if (!state || sourceOf(state) === sourceOf(planned)) return;
    // When you modify a rule, you cannot change the rule's source type.
    for (const name of sources) {
      const difference = differences.get(name);
      if (difference) difference.replaces = true;
    }
  },
  async create(planned: Rule, { ec2 }) {
    const input = { GroupId: planned.securityGroupId, IpPermissions: [permissionOf(planned)] };
    const { SecurityGroupRules: [rule] = [] } = await (
      direction === "Ingress"
        ? ec2.send(new AuthorizeSecurityGroupIngressCommand(input))
        : ec2.send(new AuthorizeSecurityGroupEgressCommand(input))
    ).catch(during("creating VPC Security Group Rule"));
    return { id: rule?.SecurityGroupRuleId ?? "" };
  },
  // The call that makes a rule takes no tags.
  async settle(id, planned, aws) {
    const tags = (planned as Rule).tagsAll ?? {};
    await retagEc2(aws, id, tags, [], planned).catch(during(`setting VPC Security Group Rule (${id}) tags`));
  },
  async read(id, state, aws) {
    const answer = await aws.ec2
      .send(new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }))
      .catch(unless("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"))
      .catch(during(`reading VPC Security Group Rule (${id})`));
    const rule = answer?.SecurityGroupRules?.[0];
    return rule && outputsOf(id, rule, state, aws);
  },
  async update(id, { planned, changed }, { ec2 }) {
    if ([...changed].every((name) => name === "tags" || name === "tagsAll")) return;
    const rule = planned as Rule;
    const SecurityGroupRule = {
      IpProtocol: rule.ipProtocol,
      FromPort: rule.fromPort ?? -1,
      ToPort: rule.toPort ?? -1,
      CidrIpv4: rule.cidrIpv4,
      CidrIpv6: rule.cidrIpv6,
      ReferencedGroupId: rule.referencedSecurityGroupId,
      Description: rule.description,
    };
    await ec2
      .send(
        new ModifySecurityGroupRulesCommand({
          GroupId: rule.securityGroupId,
          SecurityGroupRules: [{ SecurityGroupRuleId: id, SecurityGroupRule }],
        }),
      )
      .catch(during(`updating VPC Security Group Rule (${id})`));
  },
  async delete(id, state, { ec2 }) {
    const input = { GroupId: (state as Rule).securityGroupId, SecurityGroupRuleIds: [id] };
    await (
      direction === "Ingress"
        ? ec2.send(new RevokeSecurityGroupIngressCommand(input))
        : ec2.send(new RevokeSecurityGroupEgressCommand(input))
    )
      .catch(unless("InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound"))
      .catch(during(`deleting VPC Security Group Rule (${id})`));
  },
});

export const securityGroupIngressRule = tagged(type("Ingress"), retagEc2);
export const securityGroupEgressRule = tagged(type("Egress"), retagEc2);

/** Validators `IPv4CIDRNetworkAddress` and `IPv6CIDRNetworkAddress` of the same file. */
function wrongNetworks({ cidrIpv4, cidrIpv6 }: Properties): Record<string, string> {
  const given = { cidrIpv4: [cidrIpv4, 4], cidrIpv6: [cidrIpv6, 6] } as const;
  const faults = Object.entries(given).map(([name, [cidr, version]]) => [
    name,
    typeof cidr === "string" ? cidrFault(cidr, version) : undefined,
  ]);
  return Object.fromEntries(faults.filter(([, fault]) => fault !== undefined)) as Record<string, string>;
}

/** `int64validator.Between(-1, 65535)` */
function wrongPorts({ fromPort, toPort }: Properties): Record<string, string> {
  const wrong = Object.entries({ fromPort, toPort }).filter(
    ([, port]) => typeof port === "number" && (port < -1 || port > 65_535),
  );
  return Object.fromEntries(
    wrong.map(([name, port]) => [name, `value must be between -1 and 65535, got: ${String(port)}`]),
  );
}

/** `resourcevalidator.ExactlyOneOf`; that there is none is known only once all are. */
function severalSources(inputs: Properties): Record<string, string> {
  const [, second] = sources.filter((name) => inputs[name] !== undefined);
  const attributes = "cidr_ipv4,cidr_ipv6,prefix_list_id,referenced_security_group_id";
  return second === undefined
    ? {}
    : { [second]: `Exactly one of these attributes must be configured: [${attributes}]` };
}

const permissionOf = (rule: Rule): IpPermission => ({
  IpProtocol: rule.ipProtocol,
  FromPort: rule.fromPort,
  ToPort: rule.toPort,
  IpRanges: rule.cidrIpv4 ? [{ CidrIp: rule.cidrIpv4, Description: rule.description }] : undefined,
  Ipv6Ranges: rule.cidrIpv6 ? [{ CidrIpv6: rule.cidrIpv6, Description: rule.description }] : undefined,
  UserIdGroupPairs: rule.referencedSecurityGroupId
    ? [{ GroupId: rule.referencedSecurityGroupId, Description: rule.description }]
    : undefined,
});

function outputsOf(id: string, rule: SecurityGroupRule, state: Properties, aws: Aws): Properties {
  // "All ports" is -1 in the answer and nothing in the question.
  const port = (name: "fromPort" | "toPort", value = -1): unknown =>
    value === -1 && state[name] === undefined ? undefined : value;
  return {
    arn: `arn:aws:ec2:${aws.region}:${aws.accountId}:security-group-rule/${id}`,
    cidrIpv4: rule.CidrIpv4 || undefined,
    cidrIpv6: rule.CidrIpv6 || undefined,
    description: rule.Description || undefined,
    fromPort: port("fromPort", rule.FromPort),
    ipProtocol: rule.IpProtocol,
    referencedSecurityGroupId: rule.ReferencedGroupInfo?.GroupId || undefined,
    securityGroupId: rule.GroupId,
    securityGroupRuleId: id,
    tagsAll: fromTagList(rule.Tags),
    toPort: port("toPort", rule.ToPort),
  };
}
