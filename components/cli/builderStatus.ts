import type { Instance, SecurityGroupRule } from "@aws-sdk/client-ec2";

import type { Endpoint } from "../build/endpoint";
import { call } from "../ec2/awsErrors";
import type { Ec2Connection, Lease } from "../ec2/connection";
import { Ingress } from "../ec2/ingress";
import { parseDescription } from "../ec2/ingressRules";
import { Instances } from "../ec2/instances";
import { readLease } from "../ec2/lease";
import { endpointOf } from "../ec2/wake";
import type { Platform } from "../platforms";
import type { Account } from "./account";
import { askDaemons, type DaemonState } from "./daemons";
import { leaseHolder, readHolder } from "./ownFiles";
import { formatTime } from "./tables";

export interface NodeStatus {
  name: string;
  platform: Platform;
  instanceId: string;
  instanceType?: string;
  /** EC2's word, or `gone`. */
  state: string;
  /** When it came into this state, where EC2 tells. */
  since?: string;
  /** Where its daemon is, as callers reach it. */
  address?: string;
  /** Of a daemon that answers from here, without a rule that lets this machine in. */
  buildkitVersion?: string;
  activeBuilds?: number;
}

export interface LeaseStatus {
  holder: string;
  until: string;
  /** Whether a command on this machine holds it. */
  isOwn: boolean;
}

export interface RuleStatus {
  id: string;
  source: string;
  /** Of a rule for one caller; others stand. */
  holder?: string;
  until?: string;
  isOwn: boolean;
}

/** A builder as `status --json` shows it. */
export interface BuilderStatus {
  builderName: string;
  region: string;
  accountId: string;
  nodes: NodeStatus[];
  /** Live ones. */
  leases: LeaseStatus[];
  ingress: RuleStatus[];
}

/** All that can be seen of a builder from here, without a change to anything. */
export async function readBuilderStatus(account: Account, connection: Ec2Connection): Promise<BuilderStatus> {
  const { builderName, region, accountId, securityGroupId } = connection;
  const holder = readHolder();
  const [instances, lease, rules] = await Promise.all([
    describeInstances(account, connection),
    readLease(account, builderName),
    new Ingress(account, securityGroupId, holder ?? "").list(),
  ]);
  const daemons = await askDaemons(endpointsOf(connection, instances));
  return {
    builderName,
    region,
    accountId,
    nodes: connection.nodes.map((node, index) => ({
      ...node,
      ...describeNode(instances[index], connection),
      ...describeDaemon(daemons.get(node.name)),
    })),
    leases: liveLeases(lease, account.now() / 1_000, holder),
    ingress: rules.filter(({ IsEgress }) => !IsEgress).map((rule) => describeRule(rule, holder)),
  };
}

/** The nodes' instances, in the nodes' order. */
export async function describeInstances(
  account: Account,
  connection: Ec2Connection,
): Promise<(Instance | undefined)[]> {
  const instances = new Instances(connection, () => Promise.resolve(account));
  const action = { action: "ec2:DescribeInstances", resource: `the nodes of ${connection.builderName}` };
  return call({ ...action, identity: account.identity }, () =>
    Promise.all(connection.nodes.map(({ instanceId }) => instances.describe(instanceId))),
  );
}

/** Where daemons of running nodes are. */
export function endpointsOf(
  connection: Ec2Connection,
  instances: readonly (Instance | undefined)[],
): Map<string, Endpoint> {
  return new Map(
    connection.nodes.flatMap(({ name }, index): [string, Endpoint][] => {
      const instance = instances[index];
      const endpoint = instance?.State?.Name === "running" ? endpointOf(instance, connection) : undefined;
      return endpoint ? [[name, endpoint]] : [];
    }),
  );
}

/** What EC2 tells of a node's instance. */
export function describeNode(
  instance: Instance | undefined,
  connection: Pick<Ec2Connection, "addressing" | "tls">,
): Pick<NodeStatus, "instanceType" | "state" | "since" | "address"> {
  const state = instance?.State?.Name ?? "gone";
  const endpoint = instance && endpointOf(instance, connection);
  return {
    instanceType: instance?.InstanceType,
    state,
    since: state === "running" || state === "pending" ? isoTime(instance?.LaunchTime) : stateTime(instance),
    address: state === "running" && endpoint?.kind === "tcp" ? endpoint.host : undefined,
  };
}

export function liveLeases(lease: Lease, nowSeconds: number, ownHolder: string | undefined): LeaseStatus[] {
  return Object.entries(lease)
    .filter(([, until]) => until > nowSeconds)
    .map(([holder, until]) => ({
      holder,
      until: formatTime(new Date(until * 1_000)),
      isOwn: ownHolder !== undefined && holder === leaseHolder(ownHolder),
    }));
}

export function describeRule(rule: SecurityGroupRule, ownHolder: string | undefined): RuleStatus {
  const caller = parseDescription(rule.Description);
  return {
    id: rule.SecurityGroupRuleId ?? "",
    source: rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.PrefixListId ?? rule.ReferencedGroupInfo?.GroupId ?? "",
    holder: caller?.holder,
    until: caller && formatTime(caller.until),
    isOwn: caller !== undefined && caller.holder === ownHolder,
  };
}

function describeDaemon(daemon: DaemonState | undefined): Pick<NodeStatus, "buildkitVersion" | "activeBuilds"> {
  return { buildkitVersion: daemon?.version, activeBuilds: daemon?.activeBuilds };
}

/** The time in `User initiated (2026-11-21 09:12:00 GMT)`: an instance that stopped itself has none. */
function stateTime(instance: Instance | undefined): string | undefined {
  const [, date, time] = /\((\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) GMT\)/.exec(instance?.StateTransitionReason ?? "") ?? [];
  return date && `${date}T${time}Z`;
}

function isoTime(time: Date | undefined): string | undefined {
  return time && formatTime(time);
}
