import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { faults } from "../../../tools/risks/faults";
import { describeFaults, describeThreats, unproven } from "../../../tools/risks/pages";
import type { Proof, Standing, Threat } from "../../../tools/risks/row";
import { threats } from "../../../tools/risks/threats";
import { fileOf, isThere } from "../../../tools/risks/titles";
import { ROOT } from "../../../tools/testing/testFile";

const rows: readonly Standing[] = [...threats, ...faults];
const proofs = rows.flatMap((row) => row.proofs ?? []);

describe("the tables of threats and faults", () => {
  for (const [file, title] of proofs) {
    it(`name a test that is there: ${file}: ${title}`, () =>
      assert.ok(isThere([file, title]), `${fileOf([file, title])} has no such test: correct tools/risks`));
  }

  it("say of each thing once how it stands", () => {
    const keys = [
      ...threats.map(({ asset, threat }) => `${asset}: ${threat}`),
      ...faults.map(({ part, fault }) => `${part}: ${fault}`),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  for (const [file, page] of [
    ["security.md", describeThreats(threats, [])],
    ["reliability.md", describeFaults(faults, [])],
  ] as const) {
    it(`are docs/${file}, but for how the tests ended`, () => {
      const written = fs.readFileSync(path.join(ROOT, "docs", file), "utf8");
      assert.deepEqual(rowsOf(written), rowsOf(page), "run `node tools/run.js risks`");
    });
  }
});

/** The cells of a page's tables, without what the last run of the tests says. */
function rowsOf(page: string): string[] {
  const lines = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| -"));
  return lines.map((line) =>
    line
      .replace(/ \((passed|failed|skipped|left|not run)\)/g, "")
      .replace(/ +/g, " ")
      .replace(/\| \d* ?\|/g, "| |"),
  );
}

describe("a test that a row names", () => {
  const source = [
    'it("is plain", () => {});',
    "nightly.it(`is of ${kind}: ${other}`, () => {});",
    'describe("is no test", () => {});',
    "    def test_is_python(self):",
  ].join("\n");
  for (const [file, title, expected] of [
    ["unit/x", "is plain", true],
    ["unit/x", "is of this: that", true],
    ["unit/x", "is of …: that", true],
    ["unit/x", "is no test", false],
    ["unit/x", "is", false],
    ["machine/test_x", "test_is_python", true],
    ["machine/test_x", "test_is", false],
  ] as const) {
    it(`${expected ? "is" : "is not"} there: ${file} ${title}`, () =>
      assert.equal(
        isThere([file, title], () => source),
        expected,
      ));
  }

  const proof: Proof = ["farm/x", "is plain …"];
  const threat: Threat = { asset: "a", threat: "b|c", state: "weak", reason: "r", way: "w", proofs: [proof] };
  const known = (outcome: "passed" | "failed" | "left") => ({
    seconds: {},
    tests: { "farm x": [{ file: "farm x", title: "a farm is plain 1", outcome, milliseconds: 1_500 }] },
  });

  it("is shown with how it ended, and where it is", () => {
    const page = describeThreats([threat], [known("passed")]);
    assert.match(
      page,
      /^\| a \| b\\\|c \| weak: r\. To be safe: w \| \[farm\/x\]\(\.\.\/test\/farm\/x\.test\.ts\): is plain … \(passed\) \|$/m,
    );
    const fault = { ...threat, part: "p", fault: "f", outcome: "o" };
    assert.match(describeFaults([fault], [known("passed")]), /^\| p \| f \| o \| 2 \| weak/m);
  });

  it("is told when it failed, or when no run had it", () => {
    assert.deepEqual(unproven([threat], [known("passed")]), []);
    assert.deepEqual(unproven([threat], [known("passed"), known("failed")]), [
      "test/farm/x.test.ts: is plain …: failed",
    ]);
    assert.deepEqual(unproven([threat], [known("left")]), ["test/farm/x.test.ts: is plain …: not run"]);
  });
});
