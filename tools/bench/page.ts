import * as os from "node:os";

import type { RowResult, SideResult } from "./compare";
import { dollarsOf, lifecycles, others, volumesDollarsAMonth } from "./prices";
import type { Spread } from "./statistics";

const [begin, end] = ["<!-- made by npm run bench -->", "<!-- end of what npm run bench made -->"];
const builds = 1_000;
const buildMinutes = [1, 5] as const;

/** What the figures hold for. */
export interface Circumstances {
  date: string;
  machine: string;
  /** Processes that wanted a core, on average, while the rows were measured. */
  load: number;
}

export function circumstances(): Circumstances {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / (1 << 30));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus.length} cores (${cpus[0]?.model ?? "unknown"}), ${memory} GB, Linux ${os.release()}, Node ${process.versions.node}`,
    load: os.loadavg()[2],
  };
}

/** The page with the results in place of those that it has between its markers. */
export function withResults(page: string, results: readonly RowResult[], about: Circumstances): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < 0) {
    throw new Error(`docs/performance.md must have the lines "${begin}" and "${end}", between which the results go.`);
  }
  return `${page.slice(0, from + begin.length)}\n\n${describe(results, about)}\n\n${page.slice(to)}`;
}

function describe(results: readonly RowResult[], { date, machine, load }: Circumstances): string {
  const isShared = load > os.cpus().length;
  const shared = isShared
    ? ` The machine was shared by other work (${load.toFixed(0)} processes wanted a core, on average): seconds of a core say more than seconds.`
    : "";
  return [
    `Measured on ${date} on ${machine}.${shared}`,
    "",
    "| row | pairs | of a core: ours | plain | ratio | goal | seconds: ours | plain | ratio | memory: ours | ratio |",
    "| --- | -: | -: | -: | -: | -: | -: | -: | -: | -: | -: |",
    ...results.map(rowOf),
    "",
    '<img src="performance/ratios.svg" width="860" alt="Seconds of a core: ours by plain docker-build, each row with its spread and its goal">',
    "",
    '<img src="performance/cpu.svg" width="860" alt="Seconds of a core of each row: ours, and plain docker-build">',
    "",
    ...othersOf(results),
    "### What 1,000 builds cost",
    "",
    ...dollars(),
  ].join("\n");
}

function rowOf({ name, title, goal, pairs, sides, ratios }: RowResult): string {
  const { ours, plain } = sides;
  const cells = [
    `**${name}**: ${title}`,
    pairs,
    both(ours?.cpuSeconds),
    both(plain?.cpuSeconds),
    both(ratios.cpuSeconds),
    goal === undefined ? "" : `≤ ${goal}`,
    both(ours?.seconds),
    both(plain?.seconds),
    both(ratios.seconds),
    ours ? `${ours.memoryMegabytes.median.toFixed(0)} MB` : "",
    both(ratios.memory),
  ];
  return `| ${cells.join(" | ")} |`;
}

const both = (spread: Spread | undefined) =>
  spread ? `${spread.median.toFixed(2)} (${spread.least.toFixed(2)}–${spread.most.toFixed(2)})` : "";

/** What is not of both sides, or of another unit. */
function othersOf(results: readonly RowResult[]): string[] {
  const sent = results.filter(({ name }) => /changed|transfer/.test(name));
  const beside = results.flatMap(({ name, sides: { ours, plain, wrapped, bake } }) =>
    ours && plain
      ? [
          ...(wrapped ? [besideOf(name, wrapped, plain, "Plain, each image in a component that does nothing")] : []),
          ...(bake ? [besideOf(name, bake, ours, "`buildx bake`, on the same nodes")] : []),
        ]
      : [],
  );
  return [
    ...(sent.length > 0
      ? [
          "| row | sent of the context to each node: ours | plain |",
          "| --- | -: | -: |",
          ...sent.map(({ name, sides }) => `| ${name} | ${bytes(sides.ours)} | ${bytes(sides.plain)} |`),
          "",
        ]
      : []),
    ...(beside.length > 0
      ? ["| row | beside these two | of a core | seconds | by |", "| --- | --- | -: | -: | --- |", ...beside, ""]
      : []),
    "| row | calls to the engine: ours | plain |",
    "| --- | --- | --- |",
    ...results.map(({ name, sides }) => `| ${name} | ${calls(sides.ours)} | ${calls(sides.plain)} |`),
    "",
  ];
}

/** A third side of a row, and what it is compared with: where it is the less, that one by it. */
function besideOf(name: string, side: SideResult, other: SideResult, what: string): string {
  const ratio = (one: SideResult, by: SideResult) => (one.cpuSeconds.median / by.cpuSeconds.median).toFixed(2);
  const wall = (one: SideResult, by: SideResult) => (one.seconds.median / by.seconds.median).toFixed(2);
  const by = what.startsWith("Plain")
    ? `by plain ${ratio(side, other)} of a core, ${wall(side, other)} in time`
    : `ours by it ${ratio(other, side)} of a core, ${wall(other, side)} in time`;
  return `| ${name} | ${what} | ${both(side.cpuSeconds)} | ${both(side.seconds)} | ${by} |`;
}

function bytes(side: SideResult | undefined): string {
  const sent = side?.sentBytes.median ?? 0;
  return sent < 1_000 ? `${sent.toFixed(0)} B` : `${(sent / 1e6).toFixed(2)} MB`;
}

function calls(side: SideResult | undefined): string {
  const entries = Object.entries(side?.calls ?? {}).sort(([, one], [, other]) => other - one);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return `${total}: ${entries.map(([name, count]) => `${count} ${name}`).join(", ")}`;
}

function dollars(): string[] {
  const columns = buildMinutes.map((minutes) => `of ${minutes} minute${minutes > 1 ? "s" : ""}`);
  const cell = (value: number) => `$${value.toFixed(0)}`;
  return [
    `| ${builds.toLocaleString("en")} builds of both platforms | ${columns.join(" | ")} | how |`,
    "| --- | -: | -: | --- |",
    ...lifecycles.map(
      ({ name, minutes, why }) =>
        `| ${name} | ${buildMinutes.map((each) => cell(dollarsOf(builds, each, minutes))).join(" | ")} | ${why} |`,
    ),
    `| \`persistent\` | ${buildMinutes.map(() => cell(dollarsOf(1, 730 * 60, 0))).join(" | ")} | a month, however many they are |`,
    ...others.map(
      ({ what, dollars: each, source, date }) =>
        `| ${what} | ${buildMinutes.map((minutes) => cell(builds * minutes * each)).join(" | ")} | [as of ${date}](${source}) |`,
    ),
    "",
    "Docker Build Cloud names no public price of a minute: 500 are in [a Team plan](https://www.docker.com/pricing/faq/), at $15 for each user and month.",
    `The nodes' volumes are $${volumesDollarsAMonth} a month besides. Minutes of nodes are those of the README's table, which no EC2 account has confirmed yet.`,
  ];
}
