import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  type SecurityGroup as Ec2SecurityGroup,
} from "@aws-sdk/client-ec2";

import type { ResourceType } from "../../protocol/resource";
import type { Properties } from "../../protocol/values";
import type { Aws } from "../client";
import { during, isAwsError, unless } from "../errors";
import { fromTagList, retagEc2, tagged, tagSpecifications } from "../tags";
import { retryWhile, waitUntil } from "../wait";

type SecurityGroup = { description?: string; name?: string; vpcId?: string; tagsAll?: Record<string, string> };

/**
 * Without inline rules: given as arguments, they would take away the rules that others add.
 * https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_security_group.go
 */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 255 },
  attributes: {
    arn: { kind: "computed" },
    description: { kind: "optional", replaces: true, default: "Managed by Pulumi" },
    egress: { kind: "computed" },
    ingress: { kind: "computed" },
    name: { kind: "optional computed", replaces: true },
    ownerId: { kind: "computed" },
    revokeRulesOnDelete: { kind: "optional", default: false },
    vpcId: { kind: "optional computed", replaces: true },
  },
  check({ name, revokeRulesOnDelete }) {
    return {
      ...(String(name).startsWith("sg-") && { name: "invalid value for name (cannot begin with sg-)" }),
      ...(revokeRulesOnDelete === true && {
        revokeRulesOnDelete: "stand-in: input revokeRulesOnDelete is not implemented",
      }),
    };
  },
  async create(planned: SecurityGroup, { ec2 }) {
    const { GroupId: id = "" } = await ec2
      .send(
        new CreateSecurityGroupCommand({
          GroupName: planned.name,
          Description: planned.description,
          VpcId: planned.vpcId,
          TagSpecifications: tagSpecifications("security-group", planned),
        }),
      )
      .catch(during(`creating Security Group (${planned.name})`));
    return { id };
  },
  async settle(id, _planned, aws) {
    await waitUntil(`Security Group (${id}) create`, 600, () => findGroup(aws, id));
    // AWS lets every new group reach everything; the provider takes that away. In a VPC without IPv6 there is no such rule
    // for it, and its refusal is swallowed: vpc_security_group.go, `resourceSecurityGroupCreate`.
    const revoke = (ranges: IpPermission): Promise<unknown> =>
      aws.ec2.send(
        new RevokeSecurityGroupEgressCommand({
          GroupId: id,
          IpPermissions: [{ IpProtocol: "-1", FromPort: 0, ToPort: 0, ...ranges }],
        }),
      );
    await revoke({ IpRanges: [{ CidrIp: "0.0.0.0/0" }] }).catch(
      during(`revoking default IPv4 egress rule for Security Group (${id})`),
    );
    await revoke({ Ipv6Ranges: [{ CidrIpv6: "::/0" }] })
      .catch(unless("InvalidPermission.NotFound"))
      .catch(during(`revoking default IPv6 egress rule for Security Group (${id})`));
  },
  async read(id, _state, aws) {
    const group = await findGroup(aws, id).catch(during(`reading Security Group (${id})`));
    return group && outputsOf(id, group, aws);
  },
  async delete(id, _state, { ec2 }) {
    const isInUse = (error: unknown): boolean => isAwsError(error, "DependencyViolation", "InvalidGroup.InUse");
    await retryWhile(isInUse, 900, () => ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })))
      .catch(unless("InvalidGroup.NotFound"))
      .catch(during(`deleting Security Group (${id})`));
  },
};

export const securityGroup = tagged(type, retagEc2);

async function findGroup({ ec2 }: Aws, id: string): Promise<Ec2SecurityGroup | undefined> {
  const answer = await ec2
    .send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }))
    .catch(unless("InvalidGroup.NotFound"));
  return answer?.SecurityGroups?.[0];
}

const outputsOf = (id: string, group: Ec2SecurityGroup, aws: Aws): Properties => ({
  arn: `arn:aws:ec2:${aws.region}:${group.OwnerId}:security-group/${id}`,
  description: group.Description,
  egress: (group.IpPermissionsEgress ?? []).map(ruleOf),
  ingress: (group.IpPermissions ?? []).map(ruleOf),
  name: group.GroupName,
  ownerId: group.OwnerId,
  tagsAll: fromTagList(group.Tags),
  vpcId: group.VpcId,
});

const ruleOf = (permission: IpPermission): Properties => ({
  protocol: permission.IpProtocol,
  fromPort: permission.FromPort ?? 0,
  toPort: permission.ToPort ?? 0,
  cidrBlocks: (permission.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
  ipv6CidrBlocks: (permission.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
  securityGroups: (permission.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
  description: permission.IpRanges?.[0]?.Description ?? "",
  prefixListIds: [],
  self: false,
});
