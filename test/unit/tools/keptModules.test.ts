import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** As many as are worth keeping. */
const count = 25;

describe("modules that the tests' processes keep", () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "kept-")));
    for (let number = 0; number < count; number += 1) {
      fs.writeFileSync(
        at(`m${number}.js`),
        `exports.name = "é→${number}"; exports.parent = module.parent?.filename;\n`,
      );
    }
    fs.writeFileSync(at("thrower.js"), `exports.fail = () => { throw new Error("here"); };\n`);
    fs.writeFileSync(at("late.mjs"), `export default "late";\n`);
    fs.writeFileSync(
      at("main.js"),
      `#!/usr/bin/env node
      const names = [...Array(${count}).keys()].map((number) => require("./m" + number).name);
      let stack;
      try { require("./thrower").fail(); } catch (error) { stack = error.stack.split("\\n").slice(0, 3); }
      const { parent } = require("./m0");
      const paths = [__filename, __dirname, require.resolve("./m1"), require.main === module, require.cache[__filename] === module];
      import("./late.mjs").then(({ default: late }) => console.log(JSON.stringify({ names, stack, parent, paths, late })));`,
    );
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const kept = (): string => at("kept");

  async function start(environment: NodeJS.ProcessEnv = { TEST_KEPT_MODULES: kept() }): Promise<string> {
    const preload = path.resolve(__dirname, "../../main/keptModules.js");
    const env = { PATH: process.env.PATH, ...environment };
    return (await run(process.execPath, ["--require", preload, at("main.js")], { env })).stdout;
  }

  it("behave as those that Node reads", async () => {
    const plain = await start({});
    assert.ok(!fs.existsSync(kept()));
    assert.equal(await start(), plain);
    assert.ok(fs.statSync(kept()).size > 0);
    assert.equal(await start(), plain);
  });

  it("are read from the file", async () => {
    await start();
    fs.writeFileSync(at("m3.js"), "exports.name = 'changed';\n");
    assert.match(await start(), /é→3/);
  });

  it("are read anew where the file is of another Node, of other packages, or broken", async () => {
    const plain = await start();
    const good = fs.readFileSync(kept());
    const other = Buffer.from(
      good.toString("latin1").replace(process.version, "v1.22.33".slice(0, process.version.length)),
      "latin1",
    );
    for (const bad of [other, good.subarray(0, 1000), Buffer.from("{}"), Buffer.alloc(0)]) {
      fs.writeFileSync(kept(), bad);
      assert.equal(await start(), plain);
      assert.equal(Object.keys(headerOf(fs.readFileSync(kept())).modules).length, count + 1);
    }
  });

  it("are written by several at once, without a word and without a rest", async () => {
    const plain = await start({});
    const all = await Promise.all([start(), start(), start(), start()]);
    assert.deepEqual(new Set(all), new Set([plain]));
    assert.deepEqual(
      fs.readdirSync(folder).filter((name) => name.startsWith("kept")),
      ["kept"],
    );
  });
});

function headerOf(file: Buffer): { modules: object } {
  return JSON.parse(file.subarray(4, 4 + file.readUInt32LE(0)).toString()) as { modules: object };
}
