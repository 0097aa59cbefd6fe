import type { Instance, SecurityGroupRule } from "@aws-sdk/client-ec2";

import { coldClaim, type Ec2Connection, type Lease } from "../connection";
import { Ingress } from "../run/callerRules";
import { parseDescription } from "../run/ruleText";
import { readLease } from "../run/lease";
import { endpointOf } from "../run/instanceEndpoint";
import type { Platform } from "../../../support/platforms";
import type { Account } from "./account";
import { askDaemons, type DaemonState } from "../../../transport/daemons";
import { endpointsOf, findNodes, isEphemeral } from "./nodeInstances";
import { leaseHolder, readHolder } from "../../ownFiles";
import { formatTime } from "../../../support/tables";

export interface NodeStatus {
  name: string;
  platform: Platform;
  instanceId: string;
  instanceType?: string;
  /** Of an ephemeral node. */
  capacityType?: "spot" | "on-demand";
  /** Of an ephemeral node: whose it is, if anybody's. */
  heldBy?: string;
  /** EC2's word, or `gone`. */
  state: string;
  /** When it came into this state, where EC2 says so. */
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
  /** Whether each update that builds launches its own nodes: `nodes` are those that are there now. */
  isEphemeral: boolean;
  nodes: NodeStatus[];
  /** Live ones. */
  leases: LeaseStatus[];
  ingress: RuleStatus[];
}

/** All that can be seen of a builder from here, without a change to anything. */
export async function readBuilderStatus(account: Account, connection: Ec2Connection): Promise<BuilderStatus> {
  const { builderName, region, accountId, securityGroupId } = connection;
  const holder = readHolder();
  const [nodes, lease, rules] = await Promise.all([
    findNodes(account, connection),
    readLease(account, builderName),
    new Ingress(account, securityGroupId, holder ?? "").list(),
  ]);
  const daemons = await askDaemons(endpointsOf(connection, nodes));
  const ephemeral = isEphemeral(connection);
  const now = account.now() / 1_000;
  return {
    builderName,
    region,
    accountId,
    isEphemeral: ephemeral,
    nodes: nodes.map(({ instance, ...node }) => ({
      ...node,
      ...describeNode(instance, connection),
      ...(ephemeral ? describeLaunched(node.instanceId, instance, lease, now) : {}),
      ...describeDaemon(daemons.get(node.instanceId)),
    })),
    leases: liveLeases(lease, now, holder),
    ingress: rules.filter(({ IsEgress }) => !IsEgress).map((rule) => describeRule(rule, holder)),
  };
}

/** What EC2 says of a node's instance. */
export function describeNode(
  instance: Instance | undefined,
  connection: Pick<Ec2Connection, "builderName" | "addressing" | "tls">,
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

/** What else there is to say of an ephemeral node: whoever launched it claims it together with the builder. */
export function describeLaunched(
  instanceId: string,
  instance: Instance | undefined,
  lease: Lease,
  nowSeconds: number,
): Pick<NodeStatus, "capacityType" | "heldBy"> {
  const until = lease[instanceId] ?? 0;
  const holders = Object.keys(lease).filter((name) => lease[name] === until && !isOfInstance(name));
  return {
    capacityType: instance?.InstanceLifecycle === "spot" ? "spot" : "on-demand",
    heldBy: until > nowSeconds ? holders.join(", ") || "an update" : undefined,
  };
}

const instanceClaim = /^i-[0-9a-f]+$/;

/** Whether a claim is on one instance alone, beside that of whoever launched it. */
function isOfInstance(name: string): boolean {
  const [instanceId] = name.split(" ");
  return instanceClaim.test(instanceId) && [instanceId, coldClaim(instanceId)].includes(name);
}

export function liveLeases(lease: Lease, nowSeconds: number, ownHolder: string | undefined): LeaseStatus[] {
  return Object.entries(lease)
    .filter(([name, until]) => until > nowSeconds && !isOfInstance(name))
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
