import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { byFolder, circlesOf, floorsOf, importsBelow, longestChain } from "../../../tools/imports";
import { ROOT } from "../../../tools/testing/testFile";

const graph = (edges: Record<string, string[]>) =>
  new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)] as const));

const components = path.join(ROOT, "components");
const imports = importsBelow(components);

describe("the imports of components/", () => {
  it("have no circle of files, also by type", () => assert.deepEqual(circlesOf(imports), []));

  it("have at most ten floors of rooms, and no circle of them", () => {
    const rooms = byFolder(imports, 1);
    assert.ok(floorsOf(rooms).length <= 10, `${floorsOf(rooms).length} floors`);
    assert.deepEqual(circlesOf(rooms), []);
  });

  it("begin at the one file that is in no folder", () =>
    assert.deepEqual(
      fs.readdirSync(components).filter((name) => name.endsWith(".ts")),
      ["index.ts"],
    ));
});

describe("the names of the files of components/", () => {
  // A kind of node has the same parts as the others, and a command of the command line its own name.
  const mayRepeat = [/^nodes\//, /^cli\/(clean|policy|report|status|stop|wake)\.ts$/];

  it("are given once, but for the parts of a kind of node, and the commands", () => {
    const files = [...imports.keys()];
    const others = files.filter((file) => !mayRepeat.some((pattern) => pattern.test(file)));
    const names = others.map((file) => path.basename(file));
    assert.deepEqual(
      others.filter((file) => names.filter((name) => name === path.basename(file)).length > 1),
      [],
    );
  });
});

describe("floors of imports", () => {
  it("are counted from what imports nothing", () =>
    assert.deepEqual(floorsOf(graph({ roof: ["middle", "ground"], middle: ["ground"], ground: [] })), [
      ["ground"],
      ["middle"],
      ["roof"],
    ]));

  it("are climbed by the longest chain, beside which others are shorter", () =>
    assert.deepEqual(longestChain(graph({ roof: ["ground", "middle"], middle: ["ground"], ground: [] })), [
      "roof",
      "middle",
      "ground",
    ]));

  it("have a circle on one of them", () => {
    const imports = graph({ a: ["b"], b: ["c"], c: ["a", "ground"], ground: [] });
    assert.deepEqual(
      circlesOf(imports).map((circle) => circle.sort()),
      [["a", "b", "c"]],
    );
    assert.deepEqual(
      floorsOf(imports).map((floor) => floor.sort()),
      [["ground"], ["a", "b", "c"]],
    );
  });
});
