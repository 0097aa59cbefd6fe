import type { SecurityGroupIngressRuleArgs } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "@pulumi/pulumi";

import { errorHook } from "../../../pulumi/hookNames";
import { say } from "../../../pulumi/log";
import { isMocked } from "../../../pulumi/mocks";
import { resolved } from "../../../pulumi/resolved";
import { plainText } from "../../../support/plainText";

type Direction = "ingress" | "egress";
type Rule = pulumi.Unwrap<SecurityGroupIngressRuleArgs>;

/**
 * Says what it means that a security group has a rule already, and what removes it: the provider tags a rule after it has made
 * it, and forgets the rule where that fails. It retries nothing.
 * @see https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_security_group_ingress_rule.go
 */
export function ruleHooks(
  name: string,
  direction: Direction,
  parent: pulumi.Resource,
): pulumi.ResourceHookBinding | undefined {
  if (isMocked()) {
    return undefined;
  }
  const explain = async ({ newInputs, errors }: pulumi.ErrorHookArgs) => {
    const rule = (await resolved(pulumi.output(newInputs ?? {}))) as Rule;
    const explanation = describeKnownRule(errors[0] ?? "", direction, rule);
    if (explanation) {
      await say("error", plainText(explanation), parent);
    }
    return false;
  };
  return { onError: [errorHook(name, "rule", explain)] };
}

/** Of the aws provider's error; undefined if it is another one. */
export function describeKnownRule(error: string, direction: Direction, rule: Rule): string | undefined {
  if (!/\bInvalidPermission\.Duplicate\b/.test(error)) {
    return undefined;
  }
  const { securityGroupId, cidrIpv4, cidrIpv6, ipProtocol, fromPort, toPort } = rule;
  const ports = fromPort === undefined ? [] : [`FromPort=${fromPort}`, `ToPort=${toPort}`];
  const network = cidrIpv4 === undefined ? `Ipv6Ranges=[{CidrIpv6=${cidrIpv6}}]` : `IpRanges=[{CidrIp=${cidrIpv4}}]`;
  const permission = [`IpProtocol=${ipProtocol}`, ...ports, network].join(",");
  return (
    `the security group ${securityGroupId} has the rule for ${cidrIpv4 ?? cidrIpv6} already: an earlier update made it, and ` +
    "was cut off or was not allowed to tag it (ec2:CreateTags on security-group-rule/*), so that Pulumi does not know it. " +
    `Fix: let builds that run now end, which may use it, then remove it, and update again: aws ec2 revoke-security-group-${direction} --group-id ${securityGroupId} --ip-permissions "${permission}"`
  );
}
