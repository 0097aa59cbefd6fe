import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { copyName } from "../../../components/context/copies";
import { readRootIgnored } from "../../../components/context/files";
import { stageContext } from "../../../components/context/stage";

describe("the staged copy of a context that was staged before", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-contents-"));
  const cwd = process.cwd();
  const file = path.join(root, "app/main");
  const minuteAgo = () => Date.now() / 1000 - 60;

  async function stage(): Promise<{ read: number; location: string }> {
    const { cost, location } = await stageContext("../app", readRootIgnored("../app"), "app");
    return { read: cost.read, location };
  }

  beforeEach(async () => {
    fs.rmSync(root, { recursive: true, force: true });
    ["project", "app/deep"].forEach((folder) => fs.mkdirSync(path.join(root, folder), { recursive: true }));
    process.chdir(path.join(root, "project"));
    for (const name of ["main", "other", "deep/file"]) {
      fs.writeFileSync(path.join(root, "app", name), `text of ${name}`, { mode: 0o644 });
      fs.utimesSync(path.join(root, "app", name), minuteAgo(), minuteAgo());
    }
    await stage();
  });
  after(() => {
    process.chdir(cwd);
    fs.rmSync(root, { recursive: true });
  });

  it("reads no file again", async () => assert.equal((await stage()).read, 0));

  it("reads the one file that was changed, and no other", async () => {
    fs.writeFileSync(file, "changed");
    const { read, location } = await stage();
    assert.equal(read, 1);
    assert.equal(fs.readFileSync(path.join(location, "main"), "utf8"), "changed");
  });

  it("sees a file that was changed and given its size and its times back", async () => {
    const { mtime, atime, size } = fs.statSync(file);
    fs.writeFileSync(file, "TEXT of main");
    fs.utimesSync(file, atime, mtime);
    assert.equal(fs.statSync(file).size, size);
    const { read, location } = await stage();
    assert.equal(read, 1);
    assert.equal(fs.readFileSync(path.join(location, "main"), "utf8"), "TEXT of main");
  });

  it("reads a file again that had been changed just before the last time", async () => {
    fs.writeFileSync(file, "just now");
    await stage();
    assert.equal((await stage()).read, 1);
  });

  it("reads all where what was kept is damaged, or of another shape", async () => {
    const folder = ".multi-platform-image/contents";
    const [kept] = fs.readdirSync(folder);
    for (const text of ["", "{", "[]", '{"main":"x"}', '{"main":[1,2]}']) {
      fs.writeFileSync(path.join(folder, kept), text);
      assert.equal((await stage()).read, 3, text);
    }
  });
});

describe("the last element of a copy's path", () => {
  const cwd = process.cwd();
  const project = fs.realpathSync(fs.mkdtempSync(path.join(os.homedir(), ".mpi-name-")));
  before(() => process.chdir(project));
  after(() => {
    process.chdir(cwd);
    fs.rmSync(project, { recursive: true });
  });

  for (const [folder, name] of [
    [".", "shop"],
    ["..", "shop"],
    ["../..", "shop"],
    ["./api", "api"],
    ["../api", "api"],
    ["../../services/api/docker", "api-docker"],
    ["a b/c:d", "a-b-c-d"],
    [path.join(os.tmpdir(), "context-x7Gh"), "context"],
  ]) {
    it(`is ${name} for ${folder}`, () => assert.equal(copyName(folder, "shop"), name));
  }

  it("is the same for an absolute path in whatever checkout", () => {
    assert.equal(copyName(path.join(project, "api"), "shop"), "api");
    assert.equal(copyName(project, "shop"), "shop");
  });
});
