import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

const root = path.resolve(__dirname, "../../..");

describe("the recipes", () => {
  const page = fs.readFileSync(path.join(root, "docs/recipes.md"), "utf8");
  const rows = [...page.matchAll(/^\| +(\d+) \|.*\| (.*?) *\|$/gm)].map(([, row, tests]) => ({
    row: Number(row),
    tests,
  }));

  it("are 25, each with tests that have its number, in files that the page names", () => {
    assert.deepEqual(
      rows.map(({ row }) => row),
      Array.from({ length: 25 }, (_, at) => at + 1),
    );
    for (const { row, tests } of rows.slice(0, -1)) {
      const files = [...tests.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, file]) => file);
      const titles = files.flatMap((file) => [
        ...fs.readFileSync(path.join(root, file), "utf8").matchAll(/\(["`]recipe ([\d, ]+):/g),
      ]);
      const numbers = titles.flatMap(([, list]) => list.split(",").map(Number));
      assert.ok(numbers.includes(row), `row ${row}: no test of ${files.join(", ")} has its number`);
    }
  });
});
