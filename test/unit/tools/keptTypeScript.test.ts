import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const program = `
import { sep } from "node:path";

interface Answer { sep: string; late: string; line?: string }

async function main(): Promise<void> {
  const { default: late } = await import("./late.mjs");
  const answer: Answer = { sep, late };
  answer.line = /main\\.ts:\\d+/.exec(new Error().stack ?? "")?.[0];
  console.log(JSON.stringify(answer));
}

void main();
`;

describe("TypeScript that the tests' processes keep", () => {
  let folder: string;
  const at = (name: string): string => path.join(folder, name);

  beforeEach(() => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "kept-")));
    fs.writeFileSync(at("late.mjs"), `export default "late";\n`);
    fs.writeFileSync(at("main.ts"), program);
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  async function start(kept: string | undefined = at("kept")): Promise<object> {
    const preload = path.resolve(__dirname, "../../main/keptTypeScript.js");
    const env = { PATH: process.env.PATH, TEST_KEPT_TYPESCRIPT: kept };
    return JSON.parse((await run(process.execPath, ["--require", preload, at("main.ts")], { env })).stdout) as object;
  }

  const files = (): string[] => fs.readdirSync(at("kept")).map((name) => at(`kept/${name}`));

  it("behaves as ts-node has it, with the lines of the source", async () => {
    const plain = await start("");
    assert.deepEqual(plain, { sep: "/", late: "late", line: "main.ts:9" });
    assert.ok(!fs.existsSync(at("kept")));
    assert.deepEqual(await start(), plain);
    assert.deepEqual(await start(), plain);
    assert.equal(files().length, 1);
  });

  it("is read from the folder, and made anew where the source is another, or what is kept is no answer to it", async () => {
    await start();
    const [file] = files();
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace("JSON.stringify(answer)", `'{"from":"what is kept"}'`));
    assert.deepEqual(await start(), { from: "what is kept" });
    fs.writeFileSync(file, text.slice(0, 10));
    assert.deepEqual(await start(), { sep: "/", late: "late", line: "main.ts:9" });
    fs.writeFileSync(at("main.ts"), program.replace("{ sep, late }", '{ sep: "changed", late }'));
    assert.deepEqual(await start(), { sep: "changed", late: "late", line: "main.ts:9" });
    assert.equal(files().length, 1);
  });
});
