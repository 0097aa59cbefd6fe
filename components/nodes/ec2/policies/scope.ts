import { parameterNames, tagNames } from "../connection";
import { nodeRolePattern } from "../roleName";
import type { Condition } from "./document";

/** Which builder a policy is for, and where. */
export interface PolicyTarget {
  /** The registered name, or the pattern of those that are registered for one name: see `builderPattern`. */
  builder: string;
  /** @default - every account: a policy counts in that of its identity alone */
  account?: string;
  /** @default - every region */
  region?: string;
}

/** The ARNs and conditions of one builder: all that distinguishes it from others is here. */
export class Scope {
  private readonly partition: string;
  private readonly region: string;
  private readonly account: string;
  private readonly equals: "StringEquals" | "StringLike";

  constructor(private readonly target: PolicyTarget) {
    this.partition = partitionOf(target.region);
    this.region = target.region ?? "*";
    this.account = target.account ?? "*";
    this.equals = target.builder.includes("?") ? "StringLike" : "StringEquals";
  }

  /** Of EC2, by kinds: only conditions can say whose they are, because AWS makes up the ids. */
  ec2(...kinds: Ec2Kind[]): string[] {
    // Groups and their rules as one ARN: a managed policy has room for 6,144 characters.
    const isOfBoth = (["security-group", "security-group-rule"] as const).every((kind) => kinds.includes(kind));
    const inShort = kinds
      .filter((kind) => !isOfBoth || kind !== "security-group-rule")
      .map((kind) => (isOfBoth && kind === "security-group" ? "security-group*" : kind));
    // Images have no account in their ARNs: they may be another's.
    return inShort.map((kind) => this.arn("ec2", `${kind}/*`, { account: kind === "image" ? "" : this.account }));
  }

  /** The builder's parameters, or some of them. */
  parameters(...kinds: ("lease" | "connection")[]): string[] {
    const names =
      kinds.length > 0
        ? kinds.map((kind) => parameterNames[kind](this.target.builder))
        : [parameterNames.all(this.target.builder)];
    return names.map((name) => this.arn("ssm", `parameter${name}`));
  }

  /** AWS's public parameters below a path. */
  publicParameters(path: string): string[] {
    return [this.arn("ssm", `parameter${path}`, { account: "" })];
  }

  nodeRoles(): string[] {
    return [this.arn("iam", `role/${nodeRolePattern(this.target.builder)}`, { region: "" })];
  }

  nodeProfiles(): string[] {
    return [this.arn("iam", `instance-profile/${nodeRolePattern(this.target.builder)}`, { region: "" })];
  }

  /** Those of its nodes' backstops, which have the names of the nodes' roles. */
  alarms(): string[] {
    return [this.arn("cloudwatch", `alarm:${nodeRolePattern(this.target.builder)}`)];
  }

  /** Whatever an alarm does is to stop an instance: none is ended by it, and nothing else is notified or scaled. */
  stopsAlone(): Condition {
    const action = `arn:${this.partition}:automate:${this.region}:ec2:stop`;
    return { "ForAllValues:StringLike": { "cloudwatch:AlarmActions": action } };
  }

  role(path: string): string[] {
    return [this.arn("iam", `role/${path}`, { region: "" })];
  }

  /** What is there has the builder's tag. */
  isOwn(): Condition {
    return { [this.equals]: { [`aws:ResourceTag/${tagNames.builder}`]: this.target.builder } };
  }

  /** What is there has the builder's tag, or no tag of a builder. */
  isOwnOrNobodys(): Condition {
    return { [`${this.equals}IfExists`]: { [`aws:ResourceTag/${tagNames.builder}`]: this.target.builder } };
  }

  /** What is made gets the builder's tag. */
  becomesOwn(): Condition {
    return { [this.equals]: { [`aws:RequestTag/${tagNames.builder}`]: this.target.builder } };
  }

  /** What is launched gets the tag that whoever looks for forgotten nodes goes by. */
  becomesEphemeral(): Condition {
    return { StringEquals: { [`aws:RequestTag/${tagNames.lifecycle}`]: "ephemeral" } };
  }

  /** Tags that are given do not make it another builder's. */
  staysOwn(): Condition {
    return { [`${this.equals}IfExists`]: { [`aws:RequestTag/${tagNames.builder}`]: this.target.builder } };
  }

  /** What is launched is launched from a template: whose it is, the statement on templates says. */
  isFromTemplate(): Condition {
    return { ArnLike: { "ec2:LaunchTemplate": this.arn("ec2", "launch-template/*") } };
  }

  /**
   * What is launched gets a network interface of its own: one that is there brings its group along, and IAM is asked for
   * none. Met also where there is no such key, as for what is made.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
   */
  bringsNoInterface(): Condition {
    return { StringNotLike: { "ec2:NetworkInterfaceID": "eni-*" } };
  }

  private arn(service: string, resource: string, where: { region?: string; account?: string } = {}): string {
    const { region = this.region, account = this.account } = where;
    return `arn:${this.partition}:${service}:${region}:${account}:${resource}`;
  }
}

export type Ec2Kind =
  | "fleet"
  | "image"
  | "instance"
  | "launch-template"
  | "network-interface"
  | "security-group"
  | "security-group-rule"
  | "spot-instances-request"
  | "subnet"
  | "volume"
  | "vpc";

/** The second part of every ARN: https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html */
function partitionOf(region = ""): string {
  return region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
