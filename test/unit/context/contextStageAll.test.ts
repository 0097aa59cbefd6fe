import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { stageAll } from "../../../components/context/locations";

describe("the staged copies of a build's contexts", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-stage-all-"));
  const cwd = process.cwd();

  function write(file: string, text = ""): void {
    const full = path.join(root, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, text);
  }

  beforeEach(() => {
    fs.rmSync(root, { recursive: true, force: true });
    fs.mkdirSync(path.join(root, "project"), { recursive: true });
    process.chdir(path.join(root, "project"));
    write("app/main", "main");
    write("app/private", "private");
    write("app/.dockerignore", ".dockerignore\n*.log\n");
    write("app/x.log");
  });
  after(() => {
    process.chdir(cwd);
    fs.rmSync(root, { recursive: true });
  });

  it("leaves the Dockerfile where it is, by a path that all checkouts have", async () => {
    write("app/Dockerfile", "FROM scratch");
    const locations = async (context: string, dockerfile?: { location?: string; inline?: string }) =>
      (await stageAll({ context: { location: context }, dockerfile }, "shop", () => undefined)).dockerfile;
    assert.deepEqual(await locations("../app"), { location: "../app/Dockerfile" });
    assert.deepEqual(await locations(path.join(root, "app")), { location: "../app/Dockerfile" });
    assert.deepEqual(await locations("../app", { location: "./x/Dockerfile" }), { location: "./x/Dockerfile" });
    assert.deepEqual(await locations("../app", { inline: "FROM scratch" }), { inline: "FROM scratch" });
    assert.equal(await locations("https://example.com/x.git"), undefined);
  });

  it("takes the Dockerfile's own patterns for the main context, and their own for named ones", async () => {
    write("app/Dockerfile.dockerignore", "private");
    write("lib/private");
    const context = { location: "../app", named: { lib: { location: "../lib" } } };
    const staged = (await stageAll({ context }, "shop", () => undefined)).context;
    assert.ok(!fs.existsSync(path.join(staged?.location ?? "", "private")));
    assert.ok(fs.existsSync(path.join(staged?.location ?? "", "x.log")));
    assert.ok(fs.existsSync(path.join(staged?.named?.lib.location ?? "", "private")));
  });

  it("leaves what is no folder of this machine as it is", async () => {
    const context = {
      location: "https://example.com/x.tar.gz",
      named: { base: { location: "docker-image://debian" } },
    };
    assert.deepEqual((await stageAll({ context }, "shop", () => undefined)).context, context);
  });
});
