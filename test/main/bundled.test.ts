import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { cachedBinary } from "../../tools/example";
import { nightly } from "../tier";
import { compiled } from "./compiled";
import { temporaryDirectory } from "./stack";

const repository = path.resolve(__dirname, "../..");
const name = "pulumi-multi-platform-image";
const run = promisify(execFile);

// Instances are made with the package's program for nodes, which is a file.
const program = `
import * as pulumi from "@pulumi/pulumi";
import { Builder } from "${name}";
void pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) });
const builder = new Builder("builders", { nodes: [{ kind: "ec2", platform: "linux/amd64" }] });
builder.builderName.apply((made) => console.log("made", made));
`;

// Where files are found is decided in test/unit/support/packageFiles.test.ts: here esbuild itself lays them out.
nightly.describe("a program that esbuild has bundled", function () {
  this.timeout(180_000);
  let folder: string;

  before(async () => {
    folder = temporaryDirectory("bundled");
    fs.writeFileSync(path.join(folder, "program.ts"), program);
    fs.mkdirSync(path.join(folder, "node_modules"));
    fs.symlinkSync(path.join(repository, "node_modules/@pulumi"), path.join(folder, "node_modules/@pulumi"));
    fs.symlinkSync(await compiled(""), path.join(folder, "node_modules", name));
  });

  async function bundle(file: string, ...options: string[]): Promise<string> {
    const esbuild = await cachedBinary(process.arch === "arm64" ? "arm64" : "amd64");
    const given = ["--bundle", "--platform=node", "--external:@pulumi/*", `--outfile=${file}`, "--log-level=error"];
    await run(esbuild, ["program.ts", ...given, ...options], { cwd: folder });
    return path.join(folder, file);
  }

  const start = (file: string) => run(process.execPath, [file], { cwd: folder });

  it("runs with the package left out of the bundle, as README says", async () => {
    const { stdout } = await start(await bundle("bin/external.js", `--external:${name}`));
    assert.match(stdout, /^made builders-/);
  });

  it("runs with the package in the bundle, where it is installed, too", async () => {
    const { stdout } = await start(await bundle("bin/whole.js"));
    assert.match(stdout, /^made builders-/);
  });

  it("is told to leave the package out where it is in the bundle alone", async () => {
    const file = await bundle("bin/alone.js");
    fs.unlinkSync(path.join(folder, "node_modules", name));
    await assert.rejects(
      start(file),
      /files of the package \S+ are missing: this program was bundled, .* Fix: have the bundler leave it alone/,
    );
  });
});
