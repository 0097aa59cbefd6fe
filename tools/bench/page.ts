import { dollars } from "./dollars";
import type { RowResult, SideResult } from "./results";
import type { Spread } from "./statistics";

const [begin, end] = ["<!-- made by npm run bench -->", "<!-- end of what npm run bench made -->"];

/** The page with the results in place of those that it has between its markers. */
export function withResults(page: string, results: readonly RowResult[]): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < 0) {
    throw new Error(`docs/performance.md must have the lines "${begin}" and "${end}", between which the results go.`);
  }
  return `${page.slice(0, from + begin.length)}\n\n${describe(results)}\n\n${page.slice(to)}`;
}

function describe(results: readonly RowResult[]): string {
  return [
    ...circumstancesOf(results),
    "",
    ...mainTable(results),
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

/** When and on what the rows were measured: those that have the same in common, in one line. */
function circumstancesOf(results: readonly RowResult[]): string[] {
  const groups = new Map<string, RowResult[]>();
  for (const result of results) {
    const key = `Measured on ${result.date} on ${result.machine}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups].map(([text, of]) => {
    const which = groups.size > 1 ? ` (${of.map(({ name }) => name).join(", ")})` : "";
    const loads = of.map(({ load }) => load.toFixed(0)).sort((one, other) => Number(one) - Number(other));
    const load = [...new Set([loads[0], loads[loads.length - 1]])].join(" to ");
    return `${text}${which}. On average ${load} processes wanted a core, those of the benchmark among them.`;
  });
}

/** The rows that compare this component with plain docker-build. */
function mainTable(results: readonly RowResult[]): string[] {
  const compared = results.filter(({ sides: { ours, plain } }) => ours && plain);
  return compared.length === 0
    ? []
    : [
        "| row | pairs | of a core: ours | plain | ratio | goal | seconds: ours | plain | ratio | memory: ours | ratio |",
        "| --- | -: | -: | -: | -: | -: | -: | -: | -: | -: | -: |",
        ...compared.map(rowOf),
        "",
      ];
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

/** A table, or nothing where it has no row. */
function table(head: string, alignment: string, rows: readonly string[]): string[] {
  return rows.length > 0 ? [head, alignment, ...rows, ""] : [];
}

/** What is not of both sides, or of another unit. */
function othersOf(results: readonly RowResult[]): string[] {
  const sent = results.filter(({ sides: { ours, plain } }) => ours && plain && plain.sentBytes.most > 0);
  const beside = results.flatMap(({ name, sides: { ours, plain, wrapped, bake } }) =>
    ours && plain
      ? [
          ...(wrapped ? [besideOf(name, wrapped, plain, "Plain, each image in a component that does nothing")] : []),
          ...(bake ? [besideOf(name, bake, ours, "`buildx bake`, on the same nodes")] : []),
        ]
      : [],
  );
  const called = results.filter(({ sides: { ours, plain } }) => ours?.calls && plain?.calls);
  return [
    ...table(
      "| row | sent of the context to each node: ours | plain |",
      "| --- | -: | -: |",
      sent.map(({ name, sides }) => `| ${name} | ${bytes(sides.ours)} | ${bytes(sides.plain)} |`),
    ),
    ...table("| row | beside these two | of a core | seconds | by |", "| --- | --- | -: | -: | --- |", beside),
    ...table(
      "| row | seconds from the node's first answer until its build begins: ours | of these this component's (goal: ≤ 0.5) | plain |",
      "| --- | -: | -: | -: |",
      results.flatMap(wakeOf),
    ),
    ...table(
      "| row | pairs | seconds by QEMU | natively | ratio |",
      "| --- | -: | -: | -: | -: |",
      results.flatMap(emulatedOf),
    ),
    ...table(
      "| row | calls to the engine: ours | plain |",
      "| --- | --- | --- |",
      called.map(({ name, sides }) => `| ${name} | ${calls(sides.ours)} | ${calls(sides.plain)} |`),
    ),
  ];
}

function wakeOf({ name, sides: { ours, plain } }: RowResult): string[] {
  const cells = [name, both(ours?.afterWakeSeconds), both(ours?.oursAfterWakeSeconds), both(plain?.afterWakeSeconds)];
  return ours?.afterWakeSeconds ? [`| ${cells.join(" | ")} |`] : [];
}

function emulatedOf({ name, title, pairs, ratios, sides: { emulated, native } }: RowResult): string[] {
  const cells = [`**${name}**: ${title}`, pairs, both(emulated?.seconds), both(native?.seconds), both(ratios.seconds)];
  return emulated ? [`| ${cells.join(" | ")} |`] : [];
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
