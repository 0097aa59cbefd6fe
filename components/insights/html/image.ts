import { commonName } from "../commonName";
import { describeDollars } from "../cost";
import type { BuildReport, Miss, Phase, PlatformReport, ReportedBuild } from "../report";
import { describeSeconds } from "../summary";
import { tables } from "./reportTables";
import { escape, section } from "./text";
import { timeline } from "./timeline";

const phaseClasses: Record<Phase["name"], string> = {
  "checks and nodes": "checks",
  "nodes build and push": "nodes",
  "docker-build and index": "index",
};

/** All that is shown of one image. */
export function imageArticle(build: ReportedBuild): string {
  const { report, previous } = build;
  return `<article>
<header><h2>${escape(report.image)}</h2><span class="chip ${report.result}">${report.result}</span></header>
<p class="lead">Built because: ${escape(report.reason || "unknown")}</p>
${facts(report, previous)}
${failure(report)}
${section("Why it was not all cached", misses(report.platforms))}
${section("Where the time went", [phases(report)])}
${timeline(build)}
${tables(build)}
</article>`;
}

function facts({ seconds, platforms, cost, attempts }: BuildReport, previous: BuildReport | undefined): string {
  const steps = platforms.reduce((sum, { stepCount }) => sum + stepCount, 0);
  const cached = platforms.reduce((sum, { cachedCount }) => sum + cachedCount, 0);
  const wake = Math.max(0, ...platforms.map(({ wakeSeconds }) => wakeSeconds));
  const rows: [name: string, value: string, note: string][] = [
    ["Time", describeSeconds(seconds), previous ? `before: ${describeSeconds(previous.seconds)}` : ""],
    ["From the cache", `${cached} of ${steps}`, "steps"],
    ["Slowest wake", describeSeconds(wake), ""],
    [
      "Node time",
      describeSeconds(cost.nodeSeconds),
      cost.dollars === undefined ? "" : `about ${describeDollars(cost.dollars)}`,
    ],
    ...(attempts > 1 ? [["Attempts", `${attempts}`, ""] as [string, string, string]] : []),
  ];
  const parts = rows.map(
    ([name, value, note]) => `<div><dt>${name}</dt><dd>${escape(value)} <small>${escape(note)}</small></dd></div>`,
  );
  return `<dl class="facts">${parts.join("")}</dl>`;
}

function failure({ error, missing }: BuildReport): string {
  return [
    ...(error === undefined ? [] : [`<h3>Error</h3><pre>${escape(error)}</pre>`]),
    ...(missing === undefined ? [] : [`<p class="why bad">Not in this report: ${escape(missing)}</p>`]),
  ].join("\n");
}

/** The same reason of several platforms once. */
function misses(platforms: readonly PlatformReport[]): string[] {
  const found = new Map<string, { miss: Miss; of: Set<string> }>();
  for (const { platform, steps } of platforms) {
    for (const { miss } of steps) {
      if (miss) {
        const key = `${commonName(miss.step)} ${miss.reason}`;
        const known = found.get(key) ?? { miss, of: new Set<string>() };
        known.of.add(platform);
        found.set(key, known);
      }
    }
  }
  return [...found.values()].map(({ miss, of }) => {
    const where = of.size === platforms.length ? "" : ` (${[...of].join(", ")})`;
    const line = miss.line ? ` · Dockerfile, line ${miss.line}` : "";
    const kind = `${miss.kind[0].toUpperCase()}${miss.kind.slice(1)}`;
    return `<p class="why"><strong>${escape(kind)}</strong>: ${escape(miss.reason)}${escape(where)}<span class="step">${escape(commonName(miss.step))}${escape(line)}</span></p>`;
  });
}

function phases({ phases: all, seconds }: BuildReport): string {
  const bar = all.map(
    ({ name, seconds: own }) =>
      `<span class="${phaseClasses[name]}" style="flex:${Math.max(0, own).toFixed(3)} 0 0" title="${name} ${describeSeconds(own)}"></span>`,
  );
  const legend = all.map(
    ({ name, seconds: own }) => `<li><i class="${phaseClasses[name]}"></i>${name} <b>${describeSeconds(own)}</b></li>`,
  );
  return `<div class="path" role="img" aria-label="${describeSeconds(seconds)} in ${all.length} parts">${bar.join("")}</div><ul class="legend">${legend.join("")}</ul>`;
}
