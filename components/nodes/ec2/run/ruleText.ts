import * as net from "node:net";

import type { SecurityGroupRule } from "@aws-sdk/client-ec2";

import { buildkitPort } from "../../daemonAddress";

/** A rule that lets one caller in, as its description says. */
export interface CallerRule {
  /** Who made it: 8 hexadecimal digits. */
  holder: string;
  /** When anybody may remove it. */
  until: Date;
}

// AWS allows 255 characters, of a-z A-Z 0-9 and ._-:/()#,@[]+=&;{}!$* and spaces.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
const pattern = /^multi-platform-image until=(\S+) by=([0-9a-f]{8})$/;

export function formatDescription({ holder, until }: CallerRule): string {
  return `multi-platform-image until=${until.toISOString().replace(/\.\d+Z$/, "Z")} by=${holder}`;
}

/** What a description says, or undefined for a rule of somebody else. */
export function parseDescription(description: string | undefined): CallerRule | undefined {
  const [, text, holder] = pattern.exec(description ?? "") ?? [];
  const until = new Date(text ?? Number.NaN);
  return holder && !Number.isNaN(until.getTime()) ? { holder, until } : undefined;
}

/** What a rule says of the caller that it is for, if it is for one. */
export function callerOf({ IsEgress, Description }: SecurityGroupRule): CallerRule | undefined {
  return IsEgress ? undefined : parseDescription(Description);
}

export function ruleIds(rules: readonly SecurityGroupRule[]): string[] {
  return rules.flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
}

/** Number of possible last ports of a rule's range. */
const rangeEnds = 999;

/**
 * The last port of a rule. AWS refuses a second rule for the same source and ports, and each update needs one of its own;
 * so that all ranges begin at BuildKit's port and end somewhere. Nothing else listens on a node.
 */
export function lastPortOf(random: number): number {
  return buildkitPort + 1 + Math.floor(random * rangeEnds);
}

/** The source of a rule for one address, or undefined for what is no IP address. */
export function sourceOf(address: string): { family: 4 | 6; cidr: string } | undefined {
  switch (net.isIP(address)) {
    case 4:
      return { family: 4, cidr: `${address}/32` };
    case 6:
      return { family: 6, cidr: `${address}/128` };
    default:
      return undefined;
  }
}
