import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { buildArguments, buildModule } from "../../tools/offline/modules";
import { machinePlatform } from "../../tools/platform";
import { TOOLS } from "../../tools/table";
import { type Workshop, madeFiles, makeWorkshop, prepareGreeter, prepareInProcess } from "./workshop";

/** Nothing listens on the discard port of a machine that has not asked for it. */
const NOBODY = "http://127.0.0.1:9";

describe("tools from Go modules", () => {
  let workshop: Workshop;

  beforeEach(async () => {
    workshop = await makeWorkshop();
  });

  afterEach(() => workshop.remove());

  it("builds at the version of the table when no release can be had", async () => {
    const tool = await prepareGreeter(workshop.options(NOBODY, { module: true }));
    assert.equal(tool.source, "module");
    assert.equal(spawnSync(tool.path, { encoding: "utf8" }).stderr, "greeter 1.2.3");
    assert.deepEqual(await fs.readdir(path.dirname(tool.path)), ["greeter"]);
  });

  it("builds again when the recipe changes", async () => {
    const options = workshop.options(NOBODY, { module: true });
    const before = await prepareGreeter(options);
    await fs.appendFile(path.join(options.recipes, "greeter", "main.go"), "// another\n");
    const after = await prepareGreeter(options);
    assert.notEqual(after.path, before.path);
  });

  it("builds once for two processes that start at once", async () => {
    const options = workshop.options(NOBODY, { module: true });
    const outputs = await Promise.all([options, options].map((each) => prepareInProcess(each).output));
    assert.equal(outputs.join("").split("from Go modules: done").length - 1, 1, outputs.join(""));
    assert.equal((await madeFiles(workshop.cache)).length, 1);
  });

  it("fails if go is missing, naming go and why it is needed", async () => {
    await assert.rejects(prepareGreeter(workshop.options(NOBODY, { module: true, path: "" })), (error: Error) => {
      assert.ok(error.message.startsWith("greeter: go is not on PATH"), error.message);
      assert.match(error.message, /install go 1\.26 or newer/);
      assert.ok(error.message.includes(`${NOBODY} does not answer`), error.message);
      return true;
    });
    assert.deepEqual(await madeFiles(workshop.cache), []);
  });

  it("fails if the program does not compile, with the compiler's words, and leaves nothing", async () => {
    const options = workshop.options(NOBODY, { module: true });
    await fs.writeFile(
      path.join(options.recipes, "greeter", "main.go"),
      "package main\n\nfunc main() { nonsense() }\n",
    );
    await assert.rejects(prepareGreeter(options), /^Error: greeter: [^]*undefined: nonsense/);
    assert.deepEqual(await madeFiles(workshop.cache), []);
  });

  it("fails if what it built lacks a feature, and keeps nothing", async () => {
    const feature = { args: ["--version"], says: "seccomp", why: "every greeting needs it" };
    await assert.rejects(prepareGreeter(workshop.options(NOBODY, { module: true, feature })), (error: Error) => {
      assert.match(error.message, /^greeter: what was built from Go modules is not used: /);
      assert.match(error.message, /`greeter --version` does not name seccomp, and every greeting needs it/);
      return true;
    });
    assert.deepEqual(await madeFiles(workshop.cache), []);
  });

  it("builds what is linked against this machine's library only for this machine", async () => {
    const module = { recipe: "greeter", package: ".", library: TOOLS.runc.module?.library };
    const platform = machinePlatform() === "linux/arm64" ? "linux/amd64" : "linux/arm64";
    const target = path.join(workshop.folder, "greeter");
    const options = { recipes: path.join(workshop.folder, "go"), env: process.env, log: () => undefined };
    await assert.rejects(
      buildModule("greeter", module, { ...options, platform, target }),
      /^Error: greeter: can't be built for linux\/\w+ on .* machine's libseccomp\. Build it on linux/,
    );
  });

  it("tells Go exactly what to build", () => {
    assert.ok(TOOLS.runc.module);
    assert.deepEqual(buildArguments(TOOLS.runc.module, "/out/runc"), [
      "build",
      "-v",
      "-mod=readonly",
      "-trimpath",
      "-buildvcs=false",
      "-tags",
      "seccomp,urfave_cli_no_docs",
      "-ldflags",
      "-s -w",
      "-o",
      "/out/runc",
      "github.com/opencontainers/runc",
    ]);
  });
});
