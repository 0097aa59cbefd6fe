import { cacheVolumeSizeGibibytes, instanceTypes, maxLifetimeMinutes, rootVolumeSizeGibibytes } from "./settings";

interface Cost {
  what: string;
  count: number;
  /** For one, in us-east-1, on demand. */
  dollarsPerHour: number;
  until: "the node stops" | "the end";
}

const hoursPerMonth = 730;
const volumes = cacheVolumeSizeGibibytes + rootVolumeSizeGibibytes;

// https://aws.amazon.com/ec2/pricing/on-demand/ https://aws.amazon.com/ebs/pricing/ https://aws.amazon.com/vpc/pricing/
export const costs: readonly Cost[] = [
  { what: `EC2 ${instanceTypes["linux/arm64"]}`, count: 1, dollarsPerHour: 0.0798, until: "the node stops" },
  { what: `EC2 ${instanceTypes["linux/amd64"]}`, count: 1, dollarsPerHour: 0.1026, until: "the node stops" },
  { what: "public IPv4 address", count: 2, dollarsPerHour: 0.005, until: "the node stops" },
  {
    what: `gp3 volumes of a node, ${volumes} GB`,
    count: 2,
    dollarsPerHour: (volumes * 0.08) / hoursPerMonth,
    until: "the end",
  },
];

/** What a run takes, as far as the steps' waits go: most of it is idle nodes on their way to stop. */
export const expectedMinutes = 22;

export function dollarsPerHour(which: readonly Cost[] = costs): number {
  return which.reduce((sum, { count, dollarsPerHour: each }) => sum + count * each, 0);
}

/** The price of a run, as it is shown before anything is made. */
export function costText(): string {
  const rows = costs.map(({ what, count, dollarsPerHour: each, until }) => [
    `${count} × ${what}`,
    `$${(count * each).toFixed(4)}`,
    until,
  ]);
  const expected = (dollarsPerHour() * expectedMinutes) / 60;
  const most = (dollarsPerHour() * maxLifetimeMinutes) / 60;
  return [
    "This makes in your AWS account (prices of us-east-1, on demand), and removes at the end:",
    "",
    ...alignColumns([["what", "per hour", "until"], ...rows]).map((line) => `  ${line}`),
    "  Security group, roles, SSM parameters (standard), one small ECR repository: nothing to speak of.",
    "",
    `Expected: about ${expectedMinutes} minutes, $${expected.toFixed(2)}; in any case below $0.50. Should this machine go away in the`,
    `middle: the nodes stop by themselves when idle, and ${maxLifetimeMinutes} minutes after their start at the latest ($${most.toFixed(2)});`,
    `their volumes stay ($${(costs[3].count * costs[3].dollarsPerHour * 24 * 30).toFixed(2)} a month) until they are removed.`,
  ].join("\n");
}

/** Rows of text with their columns one below the other. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
}
