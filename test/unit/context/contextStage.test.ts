import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { hashIn } from "../../../components/context/copies";
import { readRootIgnored } from "../../../components/context/files";
import { readListing } from "../../../components/context/listing";
import { stageContext } from "../../../components/context/stage";
import { sweep } from "../../../components/context/sweep";
import { endUses } from "../../../components/context/uses";

const day = 24 * 60 * 60;

describe("the staged copy of a context", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-stage-"));
  const project = path.join(root, "project");
  const cwd = process.cwd();

  function write(file: string, text = "", mode = 0o644): void {
    const full = path.join(root, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, text);
    fs.chmodSync(full, mode);
  }

  const stage = (folder = "../app") => stageContext(folder, readRootIgnored(folder), "app");
  const text = (location: string, file: string) => fs.readFileSync(path.join(location, file), "utf8");

  beforeEach(() => {
    fs.rmSync(root, { recursive: true, force: true });
    fs.mkdirSync(project, { recursive: true });
    process.chdir(project);
    write("app/main", "main");
    write("app/private", "private", 0o600);
    write("app/deep/run", "run", 0o775);
    write("app/.dockerignore", ".dockerignore\n*.log\n");
    write("app/x.log");
    fs.mkdirSync(path.join(root, "app/empty"));
    fs.symlinkSync("main", path.join(root, "app/link"));
  });
  after(() => {
    process.chdir(cwd);
    fs.rmSync(root, { recursive: true });
  });

  it("has the files that BuildKit would be sent, with Git's modes, by hard links where it can", async () => {
    const { location, cost } = await stage();
    assert.match(location, /^\.multi-platform-image\/contexts\/[0-9a-f]{32}\/app$/);
    assert.deepEqual(fs.readdirSync(location).sort(), ["deep", "empty", "link", "main", "private"]);
    const modes = ["main", "private", "deep", "deep/run"].map((name) => fs.statSync(path.join(location, name)).mode);
    assert.deepEqual(
      modes.map((mode) => (mode & 0o7777).toString(8)),
      ["644", "644", "755", "755"],
    );
    assert.equal(fs.readlinkSync(path.join(location, "link")), "main");
    assert.deepEqual([cost.files, cost.linked, cost.copied, cost.copiedBytes], [4, 2, 2, 10]);
    assert.equal(fs.statSync(path.join(location, "main")).ino, fs.statSync("../app/main").ino);
    assert.equal(fs.statSync("../app/private").mode & 0o777, 0o600);
  });

  it("costs no link and no copy when it is there", async () => {
    const { location } = await stage();
    const again = await stage();
    assert.equal(again.location, location);
    assert.deepEqual([again.cost.linked, again.cost.copied], [0, 0]);
  });

  it("is ignored by Git, and no part of a context", async () => {
    write("project/file");
    const { location } = await stage(".");
    assert.equal(fs.readFileSync(".multi-platform-image/.gitignore", "utf8"), "*\n");
    assert.equal((await stage(".")).location, location);
    assert.deepEqual(fs.readdirSync(location), ["file"]);
  });

  for (const [title, change] of [
    ["umask", () => (fs.chmodSync("../app/main", 0o664), fs.chmodSync("../app/deep", 0o700))],
    ["times", () => fs.utimesSync("../app/main", 1, 1)],
    ["an empty folder", () => fs.mkdirSync("../app/empty too")],
    ["an ignored file", () => write("app/other.log")],
  ] as const) {
    it(`is the same whatever ${title}`, async () => {
      const { location } = await stage();
      change();
      assert.equal((await stage()).location, location);
      assert.equal(fs.statSync(path.join(location, "main")).mode & 0o777, 0o644);
    });
  }

  it("of the old content is not changed for good by an edit in place", async () => {
    const { location } = await stage();
    fs.writeFileSync("../app/main", "edited");
    assert.notEqual((await stage()).location, location);
    fs.rmSync("../app/main");
    write("app/main", "main");
    assert.equal((await stage()).location, location);
    assert.equal(text(location, "main"), "main");
  });

  it("is made good when files of it are gone", async () => {
    const { location } = await stage();
    fs.rmSync(path.join(location, "deep"), { recursive: true });
    await stage();
    assert.equal(text(location, "deep/run"), "run");
  });

  it("is one when several are made at once", async () => {
    const all = await Promise.all([stage(), stage(), stage()]);
    assert.equal(new Set(all.map(({ location }) => location)).size, 1);
    assert.deepEqual(fs.readdirSync(".multi-platform-image").sort(), [
      ".gitignore",
      "contents",
      "contexts",
      "files",
      "uses",
    ]);
  });

  it("is gone a day after its last use, and its list of files later", async () => {
    const { location } = await stage();
    const listing = `.multi-platform-image/files/${hashIn(location)}.json`;
    const age = (days: number) => fs.utimesSync(listing, Date.now() / 1000, Date.now() / 1000 - days * day);
    age(2);
    sweep();
    assert.ok(!fs.existsSync(location));
    assert.deepEqual(Object.keys(readListing(location) ?? {}), ["deep/run", "link", "main", "private"]);
    age(100);
    sweep();
    assert.equal(readListing(location), undefined);
  });

  it("is closed to others, and made so where it is open", async () => {
    const mode = () => (fs.statSync(".multi-platform-image").mode & 0o777).toString(8);
    const umask = process.umask(0);
    try {
      await stage();
      assert.equal(mode(), "700");
      fs.chmodSync(".multi-platform-image", 0o755);
      await stage();
      assert.equal(mode(), "700");
    } finally {
      process.umask(umask);
    }
  });

  it("keeps no file that others may not read when its process ends, unless another one uses it", async () => {
    const { location } = await stage();
    const there = () => fs.readdirSync(location).sort();
    const use = `.multi-platform-image/uses/${hashIn(location)}.00`;
    fs.writeFileSync(use, "");
    endUses();
    assert.deepEqual(there(), ["deep", "empty", "link", "main", "private"]);
    await stage();
    fs.rmSync(use);
    endUses();
    assert.deepEqual(there(), ["deep", "empty", "link", "main"]);
    assert.equal((await stage()).cost.copied, 1);
    assert.equal(text(location, "private"), "private");
  });

  it("counts no use of a process that was killed a day ago", async () => {
    const { location } = await stage();
    const use = `.multi-platform-image/uses/${hashIn(location)}.00`;
    fs.writeFileSync(use, "");
    fs.utimesSync(use, 0, Date.now() / 1000 - 2 * day);
    endUses();
    assert.ok(!fs.existsSync(path.join(location, "private")));
    sweep();
    assert.ok(!fs.existsSync(use));
  });

  it("fails if its folder is a link, and removes nothing that is not ours", async () => {
    for (const [link, target] of [
      ["contexts", "../../precious"],
      ["files", "../../precious"],
      ["", "../precious"],
    ]) {
      fs.rmSync(".multi-platform-image", { recursive: true, force: true });
      write("precious/thesis.txt");
      write(`precious/${"0".repeat(32)}/photo`);
      fs.mkdirSync(path.dirname(`.multi-platform-image/${link}`), { recursive: true });
      fs.rmSync(`.multi-platform-image/${link}`.replace(/\/$/, ""), { recursive: true, force: true });
      fs.symlinkSync(target, `.multi-platform-image/${link}`.replace(/\/$/, ""));
      await assert.rejects(stage(), {
        name: "BuildError",
        message: /must be a folder, and is none: .* Fix: remove it/,
      });
      assert.deepEqual(fs.readdirSync("../precious").sort(), ["0".repeat(32), "thesis.txt"]);
    }
  });

  it("fails where it or a folder in it is a link, and writes nothing where that leads", async () => {
    const { location } = await stage();
    for (const folder of ["..", "", "deep"]) {
      write("precious/thesis.txt");
      fs.chmodSync("../precious", 0o700);
      const link = path.join(location, folder);
      fs.rmSync(link, { recursive: true });
      fs.symlinkSync(path.resolve("../precious"), link);
      await assert.rejects(stage(), {
        name: "BuildError",
        message: /(is a link, and nothing is written where it leads|must be a folder, and is none)/,
      });
      assert.deepEqual(fs.readdirSync("../precious"), ["thesis.txt"]);
      assert.equal(fs.statSync("../precious").mode & 0o777, 0o700);
      fs.rmSync(link);
      await stage();
    }
  });

  it("is swept beside whatever else lies there", async () => {
    await stage();
    write("project/.multi-platform-image/contexts/notes/file");
    write("project/.multi-platform-image/files/notes.json");
    write("project/.multi-platform-image/.tmp-1-a", "half of a file");
    for (const file of ["files/notes.json", ".tmp-1-a"]) {
      fs.utimesSync(`.multi-platform-image/${file}`, 0, 0);
    }
    sweep();
    assert.ok(fs.existsSync(".multi-platform-image/contexts/notes/file"));
    assert.ok(fs.existsSync(".multi-platform-image/files/notes.json"));
    assert.ok(!fs.existsSync(".multi-platform-image/.tmp-1-a"), "what a process that was killed left of a copy");
  });
});
