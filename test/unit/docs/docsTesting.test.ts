import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { compiled, startsFast } from "../../main/compiled";
import { nightly } from "../../tier";

const root = path.resolve(__dirname, "../../..");
const page = fs.readFileSync(path.join(root, "docs/testing.md"), "utf8");
const mostSeconds = 10;

/** A user's project with the snippets of the page, and no network where this can be had. */
describe("docs/testing.md", function () {
  this.timeout(300_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-testing-"));
  const snippets = [...page.matchAll(/^```ts\n\/\/ (\S+\.ts)\n(.*?)^```$/gms)];
  const withoutNetwork = spawnSync("unshare", ["--net", "true"]).status === 0 ? ["unshare", "--net"] : [];

  let environment: NodeJS.ProcessEnv;

  before(async () => {
    environment = { ...process.env, ...(await startsFast()) };
    const modules = path.join(folder, "node_modules");
    fs.mkdirSync(modules);
    fs.symlinkSync(path.join(root, "node_modules/@pulumi"), path.join(modules, "@pulumi"));
    const library = await compiled(path.join(root, "components"));
    fs.symlinkSync(library, path.join(modules, "pulumi-multi-platform-image"));
    // What `pulumi new typescript` writes.
    const compilerOptions = { target: "es2020", module: "commonjs", moduleResolution: "node", esModuleInterop: true };
    write("tsconfig.json", JSON.stringify({ compilerOptions, "ts-node": { swc: true } }));
    write("api/Dockerfile", "FROM scratch\nCOPY . /\n");
    for (const [, name, text] of snippets) {
      write(name, text);
    }
  });

  after(() => fs.rmSync(folder, { recursive: true }));

  function write(name: string, text: string): void {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  function mocha(file: string): { status: number | null; output: string; seconds: number } {
    const program = path.join(root, "node_modules/mocha/bin/mocha.js");
    const register = path.join(root, "node_modules/ts-node/register/transpile-only");
    const argv = [process.execPath, program, "--exit", "--timeout", "60000", "-r", register, file];
    const [command, ...rest] = [...withoutNetwork, ...argv];
    const { status, stdout, stderr } = spawnSync(command, rest, {
      cwd: folder,
      env: environment,
      encoding: "utf8",
      timeout: 120_000,
    });
    const output = `${stdout}${stderr}`;
    // What Mocha counts: loading Node's modules takes as long as the machine lets it.
    const [, amount, unit] = /(?:passing|failing) \((\d+)(ms|s|m)\)/.exec(output) ?? [];
    return { status, output, seconds: Number(amount) * { ms: 0.001, s: 1, m: 60 }[unit as "ms" | "s" | "m"] };
  }

  it("has four snippets, each with its file's name", () =>
    assert.deepEqual(
      snippets.map(([, name]) => name),
      ["infra.ts", "infra.test.ts", "values.test.ts", "wrong.test.ts"],
    ));

  for (const [file, passing] of [
    ["infra.test.ts", 2],
    ["values.test.ts", 1],
  ] as const) {
    it(`has a ${file} that passes, in ${mostSeconds} s on a machine that does nothing else`, () => {
      const { status, output, seconds } = mocha(file);
      const load = os.loadavg()[0] / os.cpus().length;
      assert.equal(status, 0, output);
      assert.match(output, new RegExp(`^ +${passing} passing`, "m"));
      assert.ok(seconds < mostSeconds * Math.max(1, load), `${seconds} s, with a load of ${load}`);
      console.log(`      ${passing} passing in ${seconds} s${withoutNetwork.length > 0 ? ", without a network" : ""}`);
    });
  }

  it("has a wrong.test.ts that fails with the sentence of its comment, and does not hang", () => {
    const { status, output } = mocha("wrong.test.ts");
    const [, sentence] = /\/\/ (node arm64: .*), …$/m.exec(page) ?? [];
    assert.equal(status, 1, output);
    assert.ok(output.includes(sentence), output);
    assert.doesNotMatch(output, /Timeout of/);
  });

  const wrong = {
    "`call` throws": [
      "call: () => { throw new Error('nothing answers this') }",
      /the mocks have no answer to get\w+: their `call` threw/,
    ],
    "`call` gives nothing": [
      "call: () => undefined as never",
      /the mocks have no answer to get\w+: .* returned no object/,
    ],
    "`newResource` throws": [
      "newResource: ({ type, name, inputs }) => { if (type.includes('Role')) { throw new Error('no roles here'); } return { id: name, state: inputs } }",
      /no roles here/,
    ],
    "`newResource` gives nothing": [
      "newResource: () => undefined as never",
      /Cannot read properties of undefined|state/,
    ],
    "the repository is no name": [
      "newResource: ({ name, inputs, type }) => ({ id: name, state: type.includes('ecr') ? { repositoryUrl: 'https://not a name' } : inputs })",
      /tag "https:\/\/not a name:/,
    ],
  } as const;
  // Each is a process of some 3 s of a core; the page's own example of a wrong mock is in both tiers.
  for (const [title, [mock, sentence]] of Object.entries(wrong)) {
    nightly.it(`fails a test with a sentence where ${title}`, () => {
      const [, , text] = snippets.find(([, name]) => name === "wrong.test.ts")!;
      const kind = mock.split(":")[0];
      const right = text.replace(/^  call: .*\n/m, "  call: ({ inputs }) => inputs,\n");
      write("other.test.ts", right.replace(new RegExp(`^  ${kind}: .*\\n`, "m"), `  ${mock},\n`));
      const { status, output } = mocha("other.test.ts");
      assert.notEqual(status, 0, output);
      assert.doesNotMatch(output, /Timeout of/);
      assert.ok(sentence.test(output), output);
    });
  }

  it("is linked from README.md", () =>
    assert.ok(fs.readFileSync(path.join(root, "README.md"), "utf8").includes("(docs/testing.md)")));
});
