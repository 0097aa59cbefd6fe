import { ranSeconds, stepDifferences, wordOf } from "../compare";
import { describeDollars } from "../cost";
import type { BuildReport, PlatformReport, ReportedBuild } from "../report";
import { describeSeconds } from "../summary";
import { escape, section } from "./text";

const mostDifferences = 12;

/** What is looked up, and not looked at: below the pictures. */
export function tables({ report, previous }: ReportedBuild): string {
  return [
    section("Platforms", platformTable(report, previous)),
    section("Against the build before", previous ? comparison(report, previous) : []),
    section("Base images", baseTable(report.platforms)),
    section("Warnings of BuildKit", warningTable(report.platforms)),
    section(
      "Cost",
      costTable(report),
      `Waking and building, without the time that nodes idle afterwards. Prices: ${report.cost.prices}.`,
    ),
  ].join("\n");
}

function table(heads: readonly string[], rows: readonly (readonly string[])[], numbersFrom = heads.length): string[] {
  const kind = (at: number) => (at >= numbersFrom ? ' class="number"' : "");
  const head = heads.map((each, at) => `<th${kind(at)}>${escape(each)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((each, at) => `<td${kind(at)}>${each}</td>`).join("")}</tr>`);
  return rows.length === 0
    ? []
    : [`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`];
}

function platformTable({ platforms }: BuildReport, previous: BuildReport | undefined): string[] {
  const rows = platforms.map((each) => {
    const before = previous?.platforms.find(({ platform }) => platform === each.platform);
    return [
      escape(each.platform),
      `${escape(each.node.name)}<br><small>${escape([each.node.machine, each.node.address].filter(Boolean).join(", "))}</small>`,
      describeSeconds(each.seconds) + (before ? ` ${difference(each.seconds, before.seconds)}` : ""),
      `${each.cachedCount} of ${each.stepCount}`,
      describeSeconds(each.wakeSeconds),
      describeBytes(each.contextBytes),
      describeSeconds(each.pushSeconds),
    ];
  });
  return table(["Platform", "Node", "Time", "Cached", "Wake", "Context sent", "Push"], rows, 2);
}

/** The steps whose times differ most. */
function comparison(report: BuildReport, previous: BuildReport): string[] {
  return table(
    ["Step", "Platform", "Before", "Now", "Difference"],
    stepDifferences(report, previous)
      .slice(0, mostDifferences)
      .map(({ platform, name, before, now }) => [
        `<code>${escape(name)}</code>`,
        escape(platform),
        wordOf(before),
        wordOf(now),
        difference(ranSeconds(now), ranSeconds(before)),
      ]),
    2,
  );
}

function difference(now: number, before: number): string {
  const by = now - before;
  const text = `${by < 0 ? "−" : "+"}${describeSeconds(Math.abs(by))}`;
  return Math.abs(by) < 0.05 ? "" : `<span class="${by < 0 ? "less" : "more-time"}">${text}</span>`;
}

function baseTable(platforms: readonly PlatformReport[]): string[] {
  const rows = new Map<string, Set<string>>();
  for (const { platform, baseImages } of platforms) {
    for (const { name, digest } of baseImages) {
      const key = `<code>${escape(name)}</code>|<code>${escape(digest)}</code>`;
      rows.set(key, (rows.get(key) ?? new Set()).add(platform));
    }
  }
  return table(
    ["Image", "Digest", "Of"],
    [...rows].map(([key, of]) => [...key.split("|"), escape([...of].join(", "))]),
  );
}

function warningTable(platforms: readonly PlatformReport[]): string[] {
  const texts = platforms.flatMap(({ warnings }) =>
    warnings.map(({ message, line }) => JSON.stringify([message, line])),
  );
  const rows = [...new Set(texts)].map((text) => JSON.parse(text) as [string, number | null]);
  return table(
    ["Warning", "Line"],
    rows.map(([message, line]) => [escape(message), line ? `${line}` : ""]),
    1,
  );
}

function costTable({ cost }: BuildReport): string[] {
  const rows = cost.nodes.map(({ node, machine = "", seconds, dollars }) => [
    escape(node),
    escape(machine),
    describeSeconds(seconds),
    dollars === undefined ? "" : describeDollars(dollars),
  ]);
  return table(["Node", "Machine", "Seconds", "Dollars"], rows, 2);
}

/** `1.4 MB`. */
export function describeBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return at === 0 ? `${bytes} B` : `${(bytes / 1000 ** at).toFixed(1)} ${units[at]}`;
}
