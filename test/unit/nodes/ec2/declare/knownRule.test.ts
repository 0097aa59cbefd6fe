import * as assert from "node:assert/strict";

import { describeKnownRule } from "../../../../../components/nodes/ec2/declare/ruleHooks";

// As the aws provider says it: vpc_security_group_egress_rule.go, with the words of EC2.
const duplicate =
  "creating VPC Security Group Rule: operation error EC2: AuthorizeSecurityGroupEgress, https response error StatusCode: 400, " +
  'RequestID: 1, api error InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists';

describe("a rule that a security group has, and Pulumi does not know", () => {
  const group = { securityGroupId: "sg-1" };
  const commandOf = (direction: "ingress" | "egress", rule: object): string | undefined => {
    const said = describeKnownRule(duplicate, direction, { ...group, ...rule } as never);
    return said?.split("update again: ")[1];
  };

  it("is told with what removes it", () => {
    assert.equal(
      commandOf("egress", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
      'aws ec2 revoke-security-group-egress --group-id sg-1 --ip-permissions "IpProtocol=-1,IpRanges=[{CidrIp=0.0.0.0/0}]"',
    );
    assert.equal(
      commandOf("ingress", { ipProtocol: "tcp", fromPort: 8372, toPort: 8372, cidrIpv6: "2001:db8::/32" }),
      "aws ec2 revoke-security-group-ingress --group-id sg-1 --ip-permissions " +
        '"IpProtocol=tcp,FromPort=8372,ToPort=8372,Ipv6Ranges=[{CidrIpv6=2001:db8::/32}]"',
    );
  });

  it("is none of the other errors of a rule", () => {
    const refused =
      "setting VPC Security Group Rule (sgr-1) tags: api error UnauthorizedOperation: You are not authorized";
    assert.equal(describeKnownRule(refused, "egress", { ...group, ipProtocol: "-1" }), undefined);
  });
});
