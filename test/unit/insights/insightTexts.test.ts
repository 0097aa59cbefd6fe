import * as assert from "node:assert/strict";

import { chromeTrace } from "../../../components/insights/chromeTrace";
import { costOf, describeDollars } from "../../../components/insights/cost";
import { page } from "../../../components/insights/html/page";
import { markdown } from "../../../components/insights/markdown";
import { maskOf } from "../../../components/insights/masking";
import { lastLines } from "../../../components/insights/readRecord";
import { listPrice } from "../../../components/insights/prices";
import { isRecordOf } from "../../../components/insights/refs";
import { describeSeconds, summaryLines } from "../../../components/insights/summary";
import { reportOf } from "./insightReports";

describe("insights: cost and words", () => {
  it("prices of the list grow with the size; what is given goes before, and what is unknown costs nothing that is told", () => {
    assert.equal(listPrice("m8g.large"), 0.08976);
    assert.equal(listPrice("c8g.4xlarge"), 0.07976 * 8);
    assert.equal(listPrice("zz9.large"), undefined);
    assert.equal(listPrice("m8g.constructor"), undefined);
    const cost = costOf([
      { name: "a", machine: "m8g.large", seconds: 3_600 },
      { name: "b", seconds: 10 },
    ]);
    assert.equal(cost.dollars, 0.09476);
    assert.match(cost.prices, /us-east-1, 2026-06/);
    assert.equal(costOf([{ name: "b", seconds: 1_800 }], { b: 2 }).dollars, 1);
    assert.equal(costOf([{ name: "b", seconds: 1_800 }]).dollars, undefined);
    assert.deepEqual([1.5, 0.0421, 0.0004].map(describeDollars), ["$1.50", "$0.042", "$0.00040"]);
  });

  it("seconds as people say them", () => {
    assert.deepEqual([0.04, 41, 102, 3_725].map(describeSeconds), ["0.0 s", "41 s", "1 m 42 s", "1 h 2 m"]);
  });

  it("hides values, their lines, and logins of URLs", () => {
    const mask = maskOf({ TOKEN: "abcd-1234", SHORT: "1" }, ["line one\nline two", "abcd-1234-longer"]);
    assert.equal(mask("RUN x abcd-1234 1 line two abcd-1234-longer"), "RUN x ${TOKEN} 1 *** ***");
    assert.equal(mask("ADD https://user:pass@host/x"), "ADD https://host/x");
  });

  it("hides a value that is an URL with a login, as it is and as BuildKit shows it", () => {
    const mask = maskOf({ DB: "https://user:pass@db/x?key=abcd1234" }, ["postgres://u:p@db/name?password=hidden"]);
    assert.equal(mask("RUN echo https://user:pass@db/x?key=abcd1234"), "RUN echo ${DB}");
    assert.equal(mask("ADD https://xxxxx:xxxxx@db/x?key=abcd1234 /"), "ADD ${DB} /");
    assert.equal(mask("got postgres://u:p@db/name?password=hidden"), "got ***");
  });

  it("hides lines that end as Windows ends them", () =>
    assert.equal(maskOf({ KEY: "line one\r\nline two\r\n" }, [])("line two\r\nand line one"), "${KEY}\nand ${KEY}"));

  it("shows no part of a line of a log's end, whose other part would be known for a secret", () => {
    const secret = "0123456789".repeat(10);
    const mask = maskOf({}, [secret]);
    const log = `${secret}\n`.repeat(200);
    assert.match(mask(lastLines(log)), /^(\*\*\*\n)+$/);
    assert.equal(lastLines("x".repeat(5_000)), "");
    assert.equal(lastLines("short"), "short");
  });

  it("has no line in a line of the log, where a CI would obey it", () => {
    const report = reportOf();
    report.platforms.forEach(({ missedFirst }) => Object.assign(missedFirst!, { reason: "changed a\n::error::b" }));
    const lines = summaryLines({ ...report, missing: "c\n##[error]d" });
    assert.ok(lines.some((line) => line.includes("::error::b")) && lines.every((line) => !line.includes("\n")));
  });

  it("a record is told from those of other images with the same context", () => {
    const identity = { context: ".", platforms: ["linux/amd64"], buildArgs: { A: "1" }, tags: ["r/a:1"] };
    const record = { attributes: { platform: "linux/amd64", "build-arg:A": "1" }, exportedNames: ["r/a:1"] };
    assert.ok(isRecordOf(record, identity));
    assert.ok(isRecordOf({ ...record, exportedNames: ["r/a"] }, identity));
    assert.ok(!isRecordOf({ ...record, exportedNames: ["r/b:1"] }, identity));
    assert.ok(!isRecordOf({ ...record, attributes: { ...record.attributes, "build-arg:A": "2" } }, identity));
    assert.ok(!isRecordOf({ ...record, attributes: { ...record.attributes, target: "test" } }, identity));
  });
});

describe("insights: files", () => {
  const hostile = `<script>alert(1)</script>"'&`;
  const builds = [{ report: reportOf({ image: hostile, reason: hostile, steps: 30 }), logs: new Map() }];

  it("the page of 30 steps is below 150 KB, loads nothing, has no script, and no text of others is code in it", () => {
    const html = page(builds);
    assert.ok(html.length < 150_000, `${html.length}`);
    assert.doesNotMatch(html, /<script|<link|<img|<iframe|src=|@import|url\(/);
    assert.match(html, /&lt;script&gt;alert/);
  });

  it("all of them take less than half a second of a processor", () => {
    const before = process.cpuUsage();
    page(builds);
    markdown(builds);
    JSON.stringify(chromeTrace(builds.map(({ report }) => report)));
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 500_000, `${user + system} µs`);
  });

  it("the summary has no HTML of others, and stays small", () => {
    const text = markdown(Array.from({ length: 2_000 }, () => builds[0]));
    assert.ok(text.length < 1 << 20);
    assert.doesNotMatch(text, /(?<!\\)<script/);
  });

  it("lanes of the trace do not overlap, and each event has what its format asks for", () => {
    const { traceEvents } = chromeTrace(builds.map(({ report }) => report));
    const ends = new Map<string, number>();
    for (const { ph, pid, tid, ts = 0, dur = 0, name } of traceEvents) {
      assert.ok(["X", "M"].includes(ph) && name !== "" && Number.isInteger(ts) && Number.isInteger(dur));
      const nodeSet = `${pid} ${tid}`;
      assert.ok(ph === "M" || ts >= (ends.get(nodeSet) ?? 0), nodeSet);
      ends.set(nodeSet, ts + dur);
    }
    assert.equal(traceEvents.filter(({ ph }) => ph === "X").length, 60);
  });
});
