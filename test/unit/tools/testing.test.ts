import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { readArguments } from "../../../tools/testing/arguments";
import { touchedByChanges } from "../../../tools/testing/changed";
import { NOTHING, oneFailure, sum, summary } from "../../../tools/testing/counts";
import { GROUPS } from "../../../tools/testing/groups";
import { describeTests } from "../../../tools/testing/pages";
import { needsOf } from "../../../tools/testing/preparations";
import { type Job, Queue } from "../../../tools/testing/queue";
import { idleCores } from "../../../tools/testing/room";
import { partsOf, ROOT, type TestFile, testFiles } from "../../../tools/testing/testFile";

describe("the runner of the tests", () => {
  it("takes groups, a tier, and what a change touches; anything else is an error", () => {
    assert.deepEqual(readArguments([]), { all: false, changed: false, groups: GROUPS, lint: true });
    const chosen = { all: true, changed: false, groups: ["unit", "ec2"], lint: false };
    assert.deepEqual(readArguments(["--all", "unit", "ec2", "unit"]), chosen);
    assert.equal(readArguments(["--changed"]).changed, true);
    assert.throws(() => readArguments(["--fast"]), /"--fast" is no option: use --all, --changed and names of groups/);
    assert.throws(() => readArguments(["uint"]), /"uint" is no group of tests: use unit, /);
  });

  it("knows what a file needs from the file itself", () => {
    assert.deepEqual(partsOf('skipWithout(this, ["skopeo", "cloud"]);\nhosts.skipWithout(this, ["cloud"]);'), [
      "skopeo",
      "cloud",
    ]);
    const file = (part: Partial<TestFile>): TestFile => ({
      group: "ec2",
      name: "x",
      paths: [],
      parts: [],
      isNightly: false,
      ...part,
    });
    assert.deepEqual(needsOf(file({ group: "unit" })), []);
    assert.deepEqual(needsOf(file({ group: "tools" })), ["tools"]);
    assert.deepEqual(needsOf(file({ parts: ["cloud", "skopeo"] })), ["packages", "tools", "cloud"]);
  });

  it("finds for each file of tests what it needs of the machine", () => {
    const groups = GROUPS.filter((group) => group !== "unit" && group !== "tools");
    const without = groups.flatMap((group) => testFiles(group)).filter(({ parts }) => parts.length === 0);
    assert.deepEqual(
      without.map(({ name }) => name),
      ["main brokenState", "main bundled", "main input", "main twoCopies"],
    );
  });

  it("chooses by imports, by paths, and by programs of other languages what a change touches", () => {
    const touched = (...changed: string[]) => {
      const isTouched = touchedByChanges(changed);
      return (file: string) => isTouched(path.join(ROOT, "test", file));
    };
    const lease = touched("components/nodes/ec2/run/lease.ts");
    assert.ok(lease("ec2/access.test.ts") && lease("farm/sharing.test.ts"));
    assert.ok(!lease("unit/transport/relay.test.ts"));
    assert.ok(touched("components/nodes/ec2/machine/watch.py")("ec2/life.test.ts"));
    assert.ok(touched("test/cloud/api/gate.py")("ec2/wake.test.ts"));
    assert.ok(!touched("test/cloud/api/gate.py")("unit/transport/relay.test.ts"));
    assert.ok(touched("docs/recipes.md")("unit/docs/recipes.test.ts"));
    assert.ok(touched("test/main/program/index.ts")("main/build.test.ts"));
    assert.ok(touched("package-lock.json")("unit/transport/relay.test.ts"));
    assert.ok(!touched("README.md")("main/build.test.ts"));
  });

  it("adds counts up, and names what was tried twice and what was left", () => {
    const counts = sum([
      { ...NOTHING, passed: 2, repeats: ["again"] },
      { ...NOTHING, passed: 1, left: 4 },
      oneFailure("broken"),
    ]);
    assert.equal(summary(counts), "3 passed, 1 failed, 1 at the second try, 4 left for npm run test:all");
    assert.deepEqual(counts.failures, ["broken"]);
  });

  it("makes a page of both tiers", () => {
    const test = (title: string, outcome: "passed" | "left") => {
      return { file: "ec2 life", title, outcome, milliseconds: 1_500 };
    };
    const known = (...tests: ReturnType<typeof test>[]) => ({
      seconds: {},
      tests: { "ec2 life": tests, "unit x": [] },
    });
    const page = describeTests(
      known(test("a|b", "passed"), test("long", "left")),
      known(test("a|b", "passed"), test("long", "passed")),
      ["ec2 life", "farm clock"],
    );
    assert.match(page, /^\| ec2 life \| a\\\|b \| npm test \| passed \| 1\.5 \|$/m);
    assert.match(page, /^\| ec2 life \| long \| npm run test:all \| passed \| 1\.5 \|$/m);
    assert.match(page, /^\| farm clock \| all of its tests \| npm run test:all \| not run yet \| +\|$/m);
    assert.match(page, /`npm test` runs 1 of them, `npm run test:all` 2 more/);
  });

  it("every page of results is of tests that are there", () => {
    const page = fs.readFileSync(path.join(ROOT, "docs/test-results.md"), "utf8");
    const files = new Set(GROUPS.flatMap((group) => testFiles(group)).map(({ name }) => name));
    for (const [, name] of page.matchAll(/^\| ([a-z0-9]+ \w+) \|/gm)) {
      assert.ok(files.has(name), `${name} is no file of tests: run \`node tools/run.js testResults\``);
    }
  });
});

describe("the queue of the tests", () => {
  const everyMilliseconds = 5;
  const inOrder = { isFree: (running: number) => running < 1, everyMilliseconds };

  function job(name: string, done: string[], needs: string[] = []): Job<string> {
    return { name, needs, run: () => Promise.resolve(done.push(name)).then(() => name) };
  }

  it("runs jobs in their order, and lets those go first that wait for nothing", async () => {
    const done: string[] = [];
    const queue = new Queue([job("cloud", done, ["cloud"]), job("unit", done), job("lint", done)], inOrder);
    const results = queue.run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(done, ["unit", "lint"]);
    queue.provide("cloud");
    assert.deepEqual(await results, ["unit", "lint", "cloud"]);
  });

  it("runs as many at once as there is room for, and asks for room again", async () => {
    let [running, most, room] = [0, 0, 1];
    const slow = (name: string): Job<string> => ({
      name,
      needs: [],
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 30));
        running -= 1;
        return name;
      },
    });
    const queue = new Queue(["a", "b", "c"].map(slow), { isFree: (count) => count < room, everyMilliseconds });
    const results = queue.run();
    setTimeout(() => (room = 2), 10);
    await results;
    assert.equal(most, 2);
  });

  it("ends when there is nothing to do, and with the error of a job that can't be run", async () => {
    assert.deepEqual(await new Queue([], inOrder).run(), []);
    const broken: Job<string> = { name: "x", needs: [], run: () => Promise.reject(new Error("no mocha")) };
    await assert.rejects(new Queue([broken], inOrder).run(), /no mocha/);
  });

  it("tells idle cores from the times of a machine", () => {
    assert.equal(idleCores({ at: 0, idleMilliseconds: 100 }, { at: 2_000, idleMilliseconds: 1_600 }), 0.75);
  });
});
