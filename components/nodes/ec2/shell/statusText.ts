import type { ListedBuilder } from "./findBuilders";
import type { BuilderStatus, LeaseStatus, RuleStatus } from "./builderStatus";
import { formatTable } from "../../../support/tables";

/** All builders of an account and region. */
export function formatBuilders(builders: readonly ListedBuilder[], where: string): string {
  if (builders.length === 0) {
    return `There is no builder in ${where}.\n`;
  }
  const rows = builders.flatMap(({ builderName, nodes }) =>
    nodes.map(({ name, platform, instanceId, state }) => [builderName, name, platform, instanceId, state]),
  );
  return formatTable(["BUILDER", "NODE", "PLATFORM", "INSTANCE", "STATE"], rows);
}

/** One builder, with all that is known of it. */
export function formatBuilder(builder: BuilderStatus, now: Date): string {
  return [
    `builder ${builder.builderName}, account ${builder.accountId} in ${builder.region}\n`,
    formatNodes(builder),
    formatLeases(builder.leases, now),
    formatRules(builder.ingress, now),
  ].join("\n");
}

function formatNodes({ nodes, isEphemeral }: BuilderStatus): string {
  if (isEphemeral && nodes.length === 0) {
    return "No node runs, as it should be: each `pulumi up` that builds launches its own, and terminates them.\n";
  }
  const rows = nodes.map((node) => [
    node.name,
    node.platform,
    node.instanceId,
    node.instanceType,
    ...(isEphemeral ? [node.capacityType, node.heldBy ?? "nobody: it ends by itself"] : []),
    node.state,
    node.since,
    node.address,
    node.buildkitVersion ?? (node.state === "running" ? "not reachable from here" : undefined),
    node.activeBuilds?.toString(),
  ]);
  const ephemeral = isEphemeral ? ["CAPACITY", "OF"] : [];
  const header = [
    "NODE",
    "PLATFORM",
    "INSTANCE",
    "TYPE",
    ...ephemeral,
    "STATE",
    "SINCE",
    "ADDRESS",
    "BUILDKIT",
    "BUILDS",
  ];
  return formatTable(header, rows);
}

function formatLeases(leases: readonly LeaseStatus[], now: Date): string {
  return leases.length === 0
    ? "Nobody holds the nodes.\n"
    : formatTable(
        ["HELD BY", "UNTIL", ""],
        leases.map(({ holder, until, isOwn }) => [nameOf(holder, isOwn), until, minutesUntil(until, now)]),
      );
}

function formatRules(rules: readonly RuleStatus[], now: Date): string {
  return rules.length === 0
    ? "Nobody is let in.\n"
    : formatTable(
        ["LET IN", "RULE", "FOR", "UNTIL", ""],
        rules.map(({ source, id, holder, until, isOwn }) => [
          source,
          id,
          holder ? nameOf(holder, isOwn) : "everybody there",
          until ?? "for good",
          until ? minutesUntil(until, now) : " ",
        ]),
      );
}

function nameOf(holder: string, isOwn: boolean): string {
  return isOwn ? `${holder} (this machine)` : holder;
}

function minutesUntil(until: string, now: Date): string {
  const minutes = Math.round((Date.parse(until) - now.getTime()) / 60_000);
  return Date.parse(until) < now.getTime() ? "over" : `${minutes} min left`;
}
