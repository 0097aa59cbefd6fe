import * as assert from "node:assert/strict";

import { helpText, readArguments } from "../../../tools/bench/arguments";
import { withResults } from "../../../tools/bench/page";
import { plot } from "../../../tools/bench/plot";
import { dollarsOf } from "../../../tools/bench/prices";
import { mergeResults, type RowResult, type SideResult } from "../../../tools/bench/results";
import { rows } from "../../../tools/bench/rows";
import { ratioOf, spreadOf } from "../../../tools/bench/statistics";

const of = (median: number) => ({ median, least: median / 2, most: median * 2 });
const side = (cpu: number): SideResult => ({
  seconds: of(cpu),
  cpuSeconds: of(cpu),
  memoryMegabytes: of(100),
  sentBytes: of(93),
  calls: { log: 3, invoke: 1 },
});

describe("npm run bench", () => {
  it("runs all rows seven times, or those that are named as often as is asked", () => {
    assert.deepEqual(readArguments([]), { names: Object.keys(rows), pairs: 7 });
    assert.deepEqual(readArguments(["no-op-1", "--pairs", "3", "transfer"]), {
      names: ["no-op-1", "transfer"],
      pairs: 3,
    });
  });

  for (const [args, message] of [
    [["nothing"], /"nothing" is no row: .*no-op-1/],
    [["--pairs"], /--pairs is "", and must be a number from 1/],
    [["--pairs", "0"], /--pairs is "0"/],
  ] as const) {
    it(`refuses ${args.join(" ")}`, () => {
      assert.throws(() => readArguments(args), message);
    });
  }

  it("takes the middle of odd and even figures, and each ratio within its pair", () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
    assert.equal(spreadOf([4, 1, 2, 3]).median, 2.5);
    assert.deepEqual(ratioOf([2, 30], [1, 10]), { median: 2.5, least: 2, most: 3 });
  });

  const ratios = { seconds: of(1.1), cpuSeconds: of(1.2), memory: of(1) };
  const resultOf = (name: string, more: Partial<RowResult> = {}): RowResult => ({
    ...{ name, title: "t", goal: 1.05, pairs: 7, ratios },
    ...{ sides: { ours: side(2), plain: side(1) }, date: "2026-01-02", machine: "a machine", load: 3 },
    ...more,
  });

  it("puts its results between the markers of the page, and says when and on what they were measured", () => {
    const page = "before\n<!-- made by npm run bench -->\nold\n<!-- end of what npm run bench made -->\nafter\n";
    const woken = { ...side(2), afterWakeSeconds: of(0.8), oursAfterWakeSeconds: of(0.2) };
    const text = withResults(page, [
      resultOf("transfer"),
      resultOf("wake", { sides: { ours: woken, plain: { ...side(1), afterWakeSeconds: of(2) } }, load: 12 }),
      resultOf("computes", { sides: { emulated: side(100), native: side(20) }, date: "2026-01-01" }),
    ]);
    assert.match(text, /^before\n[^]*\nafter\n$/);
    assert.doesNotMatch(text, /old/);
    assert.match(
      text,
      /Measured on 2026-01-02 on a machine \(transfer, wake\)\. On average 3 to 12 processes wanted a core/,
    );
    assert.match(text, /Measured on 2026-01-01 on a machine \(computes\)\. On average 3 processes/);
    assert.match(
      text,
      /\*\*transfer\*\*: t \| 7 \| 2\.00 \(1\.00–4\.00\) \| 1\.00 \(0\.50–2\.00\) \| 1\.20 \(0\.60–2\.40\) \| ≤ 1\.05/,
    );
    assert.match(text, /\| transfer \| 93 B \| 93 B \|/);
    assert.match(text, /\| transfer \| 4: 3 log, 1 invoke \|/);
    assert.match(text, /\| wake \| 0\.80 \(0\.40–1\.60\) \| 0\.20 \(0\.10–0\.40\) \| 2\.00 /);
    assert.match(text, /\*\*computes\*\*: t \| 7 \| 100\.00 \(50\.00–200\.00\) \| 20\.00 /);
    assert.equal(text.match(/\*\*computes\*\*/g)?.length, 1);
    assert.throws(() => withResults("no markers", []), /must have the lines/);
  });

  it("keeps the rows that were not run this time, in the order of all, and none that is no row any more", () => {
    const before = [resultOf("gone"), resultOf("transfer"), resultOf("no-op-20", { pairs: 1 })];
    const merged = mergeResults(before, [resultOf("no-op-20"), resultOf("no-op-1")]);
    assert.deepEqual(
      merged.map(({ name, pairs }) => [name, pairs]),
      [
        ["no-op-1", 7],
        ["no-op-20", 7],
        ["transfer", 7],
      ],
    );
  });

  it("says in its help how long each row takes", () => {
    for (const name of Object.keys(rows)) {
      assert.match(helpText(), new RegExp(`^  ${name} +\\d+ min  `, "m"));
    }
  });

  it("draws a bar for each figure, and a mark for a goal", () => {
    const svg = plot("A & B", " s", [
      { label: "<one>", value: of(1), goal: 1.05 },
      { label: "two", value: of(2) },
    ]);
    assert.match(svg, /aria-label="A &amp; B"/);
    assert.equal(svg.match(/<rect/g)?.length, 2);
    assert.equal(svg.match(/class="goal"/g)?.length, 1);
    assert.match(svg, />&lt;one></);
  });

  it("knows what builds cost: 1,000 of a minute, on nodes that run for nothing else", () => {
    assert.equal(dollarsOf(1_000, 1, 0).toFixed(2), "3.59");
  });
});
