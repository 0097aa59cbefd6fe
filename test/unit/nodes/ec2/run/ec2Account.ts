import type {
  Filter,
  Instance,
  InstanceStatus,
  IpPermission,
  SecurityGroupRule,
  SummaryStatus,
} from "@aws-sdk/client-ec2";

import type { AwsClients } from "../../../../../components/nodes/ec2/run/awsClients";
import { formatDescription } from "../../../../../components/nodes/ec2/run/ruleText";
import { ParameterStore } from "./parameterStore";

/** An account with one builder: its lease, its security group, and instances that only have states. */
export class Ec2Account {
  readonly log: string[] = [];
  readonly rules = new Map<string, SecurityGroupRule>();
  readonly instances = new Map<string, Instance>();
  mostRules = 60;
  /** What EC2's status checks say of each instance, and of its system; nothing while there are none. */
  checks?: SummaryStatus;
  private made = 0;

  constructor(public store = new ParameterStore()) {}

  get clients(): AwsClients {
    return { ...this.store.clients, ec2: this.ec2 } as unknown as AwsClients;
  }

  /** What is there with this word in the log. */
  did(word: string): string[] {
    return this.log.filter((each) => each.startsWith(word));
  }

  addInstance(changes: Instance = {}): string {
    const InstanceId = `i-${this.number()}`;
    const State = { Name: "running" as const };
    this.instances.set(InstanceId, {
      InstanceId,
      State,
      LaunchTime: new Date(),
      PublicIpAddress: "203.0.113.9",
      ...changes,
    });
    return InstanceId;
  }

  /** A rule that a caller made whose claim, if it has one, is named after it. */
  addRule(holder: string, until: Date, CidrIpv4 = "198.51.100.1/32"): string {
    return this.insertRule({ CidrIpv4, Description: formatDescription({ holder, until }), IsEgress: false });
  }

  /** The rules' sources. */
  get sources(): (string | undefined)[] {
    return [...this.rules.values()].map(({ CidrIpv4 }) => CidrIpv4);
  }

  private readonly ec2 = {
    authorizeSecurityGroupIngress: async ({ IpPermissions }: { IpPermissions: IpPermission[] }) => {
      const { CidrIp, Description } = IpPermissions[0].IpRanges![0];
      await Promise.resolve();
      if (this.rules.size >= this.mostRules) {
        throw named("RulesPerSecurityGroupLimitExceeded");
      }
      this.log.push(`open ${CidrIp}`);
      return { SecurityGroupRules: [{ SecurityGroupRuleId: this.insertRule({ CidrIpv4: CidrIp, Description }) }] };
    },
    revokeSecurityGroupIngress: async ({ SecurityGroupRuleIds }: { SecurityGroupRuleIds: string[] }) => {
      await Promise.resolve();
      if (!SecurityGroupRuleIds.every((id) => this.rules.has(id))) {
        throw named("InvalidSecurityGroupRuleId.NotFound");
      }
      SecurityGroupRuleIds.forEach((id) => this.rules.delete(id));
    },
    describeSecurityGroupRules: () => Promise.resolve({ SecurityGroupRules: [...this.rules.values()] }),
    describeInstances: ({ Filters = [] }: { Filters?: Filter[] }) => {
      const Instances = [...this.instances.values()].filter((instance) =>
        Filters.every((each) => matches(instance, each)),
      );
      return Promise.resolve({ Reservations: [{ Instances }] });
    },
    createFleet: ({
      TargetCapacitySpecification,
    }: {
      TargetCapacitySpecification: { DefaultTargetCapacityType: string };
    }) => {
      this.log.push(`launch ${TargetCapacitySpecification.DefaultTargetCapacityType}`);
      const InstanceIds = [this.addInstance()];
      return Promise.resolve({ Instances: [{ InstanceIds }] });
    },
    startInstances: ({ InstanceIds }: { InstanceIds: string[] }) => this.setState("start", InstanceIds, "running"),
    stopInstances: ({ InstanceIds }: { InstanceIds: string[] }) => this.setState("stop", InstanceIds, "stopped"),
    terminateInstances: ({ InstanceIds }: { InstanceIds: string[] }) =>
      this.setState("terminate", InstanceIds, "shutting-down"),
    attachVolume: () => Promise.resolve({}),
    getConsoleOutput: () => Promise.resolve({ Output: "" }),
    describeInstanceStatus: () => Promise.resolve({ InstanceStatuses: this.checks ? [statusOf(this.checks)] : [] }),
  };

  private setState(what: string, ids: string[], Name: "running" | "stopped" | "shutting-down"): Promise<object> {
    for (const id of ids) {
      const instance = this.instances.get(id);
      if (!instance) {
        return Promise.reject(named("InvalidInstanceID.NotFound"));
      }
      this.log.push(`${what} ${id}`);
      this.instances.set(id, { ...instance, State: { Name } });
    }
    return Promise.resolve({});
  }

  private insertRule(rule: SecurityGroupRule): string {
    const SecurityGroupRuleId = `sgr-${this.number()}`;
    this.rules.set(SecurityGroupRuleId, { ...rule, SecurityGroupRuleId });
    return SecurityGroupRuleId;
  }

  private number(): string {
    this.made += 1;
    return this.made.toString(16).padStart(17, "0");
  }
}

function matches({ InstanceId, State, Tags = [] }: Instance, { Name = "", Values = [] }: Filter): boolean {
  const value = {
    "instance-id": InstanceId,
    "instance-state-name": State?.Name,
    ...Object.fromEntries(Tags.map((tag) => [`tag:${tag.Key}`, tag.Value])),
  }[Name];
  return value !== undefined && Values.includes(value);
}

function statusOf(Status: SummaryStatus): InstanceStatus {
  return { InstanceStatus: { Status }, SystemStatus: { Status }, AttachedEbsStatus: { Status } };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
