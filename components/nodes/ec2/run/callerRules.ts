import type { IpPermission, SecurityGroupRule } from "@aws-sdk/client-ec2";

import { BuildError } from "../../../support/errors";
import { type AwsCall, call, codeOf, describeAwsError } from "./awsErrors";
import type { AwsClients } from "./awsClients";
import { buildkitPort } from "../../daemonAddress";
import { formatDescription, lastPortOf, sourceOf } from "./ruleText";

const mostTries = 10;
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
const rulesQuota = '"Inbound or outbound rules per security group" (L-0EA8095F), 60 by default';
/** Rules that others have removed, or that were removed with their group. */
const goneCodes = ["InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound"];

/** A rule that lets this caller in, for as long as it builds. */
export interface OpenRule {
  id: string;
  address: string;
  until: Date;
  permission: (until: Date) => IpPermission;
}

/** A group that has as many rules as it may. */
export class GroupFullError extends BuildError {}

/** The rules of one security group for callers that come and go. */
export class Ingress {
  constructor(
    private readonly clients: AwsClients,
    private readonly groupId: string,
    private readonly holder: string,
  ) {}

  /** A rule of this caller's own, for an address. */
  async open(address: string, until: Date): Promise<OpenRule> {
    const source = sourceOf(address);
    if (!source) {
      throw new BuildError(`${JSON.stringify(address)} is no IP address`);
    }
    for (let tries = 1; ; tries += 1) {
      const lastPort = lastPortOf(Math.random());
      const permission = (end: Date): IpPermission => {
        const Description = formatDescription({ holder: this.holder, until: end });
        const ports = { IpProtocol: "tcp", FromPort: buildkitPort, ToPort: lastPort };
        return source.family === 4
          ? { ...ports, IpRanges: [{ CidrIp: source.cidr, Description }] }
          : { ...ports, Ipv6Ranges: [{ CidrIpv6: source.cidr, Description }] };
      };
      try {
        const { SecurityGroupRules } = await this.clients.ec2.authorizeSecurityGroupIngress({
          GroupId: this.groupId,
          IpPermissions: [permission(until)],
        });
        return { id: SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? "", address, until, permission };
      } catch (error) {
        // Another update on this machine, or behind the same address, has drawn the same port.
        if (codeOf(error) !== "InvalidPermission.Duplicate" || tries >= mostTries) {
          throw this.describeOpenError(error);
        }
      }
    }
  }

  /** Lets a rule live longer. */
  async extend(rule: OpenRule, until: Date): Promise<void> {
    await call(this.describe("ec2:UpdateSecurityGroupRuleDescriptionsIngress"), () =>
      this.clients.ec2.updateSecurityGroupRuleDescriptionsIngress({
        GroupId: this.groupId,
        IpPermissions: [rule.permission(until)],
      }),
    );
    rule.until = until;
  }

  async close(rule: Pick<OpenRule, "id">): Promise<void> {
    await this.remove([rule.id]);
  }

  /** All rules of the group, also those of others. */
  async list(): Promise<SecurityGroupRule[]> {
    const rules: SecurityGroupRule[] = [];
    let NextToken: string | undefined;
    do {
      const Filters = [{ Name: "group-id", Values: [this.groupId] }];
      const page = await call(this.describe("ec2:DescribeSecurityGroupRules"), () =>
        this.clients.ec2.describeSecurityGroupRules({ Filters, NextToken }),
      );
      rules.push(...(page.SecurityGroupRules ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return rules;
  }

  /** Removes rules; others may be faster. */
  async remove(ids: readonly string[]): Promise<void> {
    try {
      if (ids.length > 0) {
        const request = { GroupId: this.groupId, SecurityGroupRuleIds: [...ids] };
        await this.clients.ec2.revokeSecurityGroupIngress(request);
      }
    } catch (error) {
      if (!goneCodes.includes(codeOf(error))) {
        throw describeAwsError(error, this.describe("ec2:RevokeSecurityGroupIngress"));
      }
      // One that is gone fails the call as a whole.
      if (ids.length > 1) {
        await Promise.all(ids.map((id) => this.remove([id])));
      }
    }
  }

  private describeOpenError(error: unknown): BuildError {
    switch (codeOf(error)) {
      case "RulesPerSecurityGroupLimitExceeded":
        return new GroupFullError(
          `security group ${this.groupId} is full: each update that builds adds a rule for its own address, and the quota ${rulesQuota}, is used up. ` +
            'Fix: let callers in by `ingress` { from: "cidrs", … } or { from: "vpc" }, or ask for more in Service Quotas (service code vpc).',
        );
      case "InvalidGroup.NotFound":
      case "InvalidGroupId.NotFound":
        return new BuildError(
          `security group ${this.groupId} of the builder is not there. Fix: run \`pulumi up --refresh\` for the builder's stack.`,
        );
      default:
        return describeAwsError(error, this.describe("ec2:AuthorizeSecurityGroupIngress"));
    }
  }

  private describe(action: string): AwsCall {
    const { arn, identity } = this.clients;
    return { action, resource: arn("ec2", `security-group/${this.groupId}`), identity };
  }
}
