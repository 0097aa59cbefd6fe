import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { report as lastReports } from "../../../components/cli/report";
import { keep, newMemory, readKept } from "../../../components/insights/kept";
import type { KeptImage } from "../../../components/insights/lastBuild";
import { RunReports } from "../../../components/insights/runReports";
import { emptyRecord, reportOf } from "./insightReports";

describe("insights: the folders of reports", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-reports-"));
  const cwd = process.cwd();
  const reports = ".multi-platform-image/reports";
  const build = { report: reportOf(), previous: undefined, logs: new Map() };
  const add = () => new RunReports({}).add("urn", build, {});
  /** As many as a folder of reports keeps, and some. */
  const years = Array.from({ length: 30 }, (_, at) => `${1990 + at}-holidays`);

  beforeEach(() => {
    fs.rmSync(root, { recursive: true, force: true });
    fs.mkdirSync(path.join(root, "project"), { recursive: true });
    years.forEach((year) => fs.mkdirSync(path.join(root, "precious", year), { recursive: true }));
    process.chdir(path.join(root, "project"));
  });
  after(() => {
    process.chdir(cwd);
    fs.rmSync(root, { recursive: true });
  });

  it("are closed to others, and seen by no Git, also where the folder that they are in is open", () => {
    fs.mkdirSync(".multi-platform-image", { mode: 0o755 });
    fs.chmodSync(".multi-platform-image", 0o755);
    add();
    assert.equal(fs.statSync(".multi-platform-image").mode & 0o777, 0o700);
    assert.equal(fs.readFileSync(".multi-platform-image/.gitignore", "utf8"), "*\n");
    const [folder] = fs.readdirSync(`${reports}/dev`);
    assert.equal(fs.statSync(`${reports}/dev/${folder}/report.html`).mode & 0o777, 0o600);
  });

  for (const link of ["", "/reports", "/reports/dev"]) {
    it(`.multi-platform-image${link} is not written to where it is a link, and nothing is removed where that leads`, () => {
      const place = `.multi-platform-image${link}`;
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.symlinkSync(path.join(root, "precious"), place);
      const refused = { name: "BuildError", message: /must be a folder, and is none/ };
      assert.throws(add, refused);
      assert.throws(() => keep("urn", { memory: newMemory(), report: build.report }), refused);
      assert.deepEqual(fs.readdirSync(path.join(root, "precious")), years);
    });
  }

  describe("what is kept in them", () => {
    const kept: KeptImage = { memory: newMemory(), report: reportOf(), previous: reportOf() };
    const { report } = kept;
    const forged: [what: string, value: unknown][] = [
      ["no object", [1]],
      ["memory without a salt", { ...kept, memory: { version: 1, platforms: {} } }],
      ["a report of its version alone", { ...kept, report: { version: 1 } }],
      ["code for its result", { ...kept, report: { ...report, result: '"><form>' } }],
      ["code for a number", { ...kept, report: { ...report, attempts: "<form>" } }],
      ["another phase", { ...kept, previous: { ...report, phases: [{ name: "<form>", seconds: 1 }] } }],
      ["no steps", { ...kept, report: { ...report, platforms: [{ ...report.platforms[0], steps: null }] } }],
    ];

    it("is read again, by the next build and by the command line", () => {
      keep("urn", kept);
      assert.deepEqual(readKept("dev", "api", "urn"), JSON.parse(JSON.stringify(kept)));
      assert.match(lastReports({ compare: true, json: false }), /image api: built in/);
    });

    for (const [what, value] of forged) {
      it(`is nothing where it has ${what}: whoever brings the project along may have written it`, () => {
        keep("urn", kept);
        const folder = `${reports}/dev/last`;
        fs.writeFileSync(path.join(folder, fs.readdirSync(folder)[0]), JSON.stringify(value));
        assert.equal(readKept("dev", "api", "urn"), undefined);
        assert.throws(() => lastReports({ compare: false, json: false, html: "page.html" }), {
          name: "BuildError",
          message: /^no build is known in /,
        });
        assert.ok(!fs.existsSync("page.html"));
      });
    }
  });

  it("have a .dockerbuild file and a row of each image, also where two have one name, or one that is safe alike", () => {
    const run = new RunReports({});
    const images = { "urn:a": "app", "urn:b": "app", "urn:c": "api/web", "urn:d": "api-web", "urn:e": "alone" };
    Object.values(images).forEach((image) => run.declare(image));
    const records = [{ record: emptyRecord, defaultPlatform: "linux/amd64", blobs: new Map<string, Buffer>() }];
    for (const [urn, image] of Object.entries(images)) {
      run.add(urn, { report: { ...build.report, image }, logs: new Map(), records }, { directory: "out" });
    }
    const files = fs.readdirSync("out").filter((name) => name.endsWith(".dockerbuild"));
    assert.deepEqual(files.map((name) => name.replace(/-[0-9a-f]{8}\./, "-HASH.")).sort(), [
      "alone.dockerbuild",
      ...Array<string>(2).fill("api-web-HASH.dockerbuild"),
      ...Array<string>(2).fill("app-HASH.dockerbuild"),
    ]);
    const reports = JSON.parse(fs.readFileSync("out/report.json", "utf8")) as { image: string }[];
    assert.deepEqual(
      reports.map(({ image }) => image),
      Object.values(images),
    );
  });

  it("keep the last 20, and remove nothing of another name", () => {
    const times = Array.from({ length: 30 }, (_, at) => `2026-01-01T00-00-${at + 10}-000Z`);
    [...times, ...years].forEach((name) => fs.mkdirSync(`${reports}/dev/${name}`, { recursive: true }));
    add();
    const left = fs.readdirSync(`${reports}/dev`);
    assert.deepEqual(
      left.filter((name) => !name.includes("T")),
      years,
    );
    assert.equal(left.length - years.length, 20);
    assert.ok(!left.includes(times[0]) && left.includes(times[29]));
  });
});
