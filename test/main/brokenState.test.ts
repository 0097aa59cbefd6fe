import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { mendState } from "./brokenState";
import { Stack, temporaryDirectory } from "./stack";

const nobody = { builder: undefined, images: {} };

/** What a kill or a crash leaves of a state, of its note (`.attrs`) and beside both: as a user finds it, and mends it. */
describe("a state in files that was broken", function () {
  this.timeout(120_000);
  let stack: Stack;
  let good: string;
  const file = (ending = "") => path.join(stack.backend, ".pulumi/stacks", stack.project, `dev.json${ending}`);

  before(async () => {
    stack = await Stack.create(nobody);
    const exported = path.join(stack.directory, "export.json");
    fs.writeFileSync(exported, (await succeeds("stack", "export")).replace(/^[^{]*/, ""));
    // Twice: the second write has one before it to keep.
    await succeeds("stack", "import", "--file", exported);
    await succeeds("stack", "import", "--file", exported);
    good = temporaryDirectory("good");
    fs.cpSync(stack.backend, good, { recursive: true });
  });

  beforeEach(() => {
    fs.rmSync(stack.backend, { recursive: true });
    fs.cpSync(good, stack.backend, { recursive: true });
  });

  async function succeeds(...command: string[]): Promise<string> {
    const { code, output } = await stack.run(...command);
    assert.equal(code, 0, output);
    return output;
  }

  const cut = (broken: string) => fs.truncateSync(broken, 20);
  const empty = (broken: string) => fs.truncateSync(broken, 0);

  const forms: [title: string, breaks: () => void, says: RegExp][] = [
    ["its note is empty", () => empty(file(".attrs")), /failed to load checkpoint: EOF/],
    ["its note is cut short", () => cut(file(".attrs")), /failed to load checkpoint: .*unexpected EOF/],
    ["it is empty", () => empty(file()), /failed to load checkpoint: .*unexpected end of JSON input/],
    ["it is cut short", () => cut(file()), /failed to load checkpoint: .*unexpected end of JSON input/],
    ["the one before is all there is", () => fs.rmSync(file()), /no stack named 'dev' found/],
    [
      "the one before is all there is, without a note",
      () => [file(), file(".attrs")].forEach((each) => fs.rmSync(each)),
      /no stack named 'dev' found/,
    ],
  ];
  for (const [title, breaks, says] of forms) {
    it(`is as troubleshooting.md has it, and is mended as it says, where ${title}`, async () => {
      breaks();
      const { code, output } = await stack.run("stack", "export", "--stack", "dev");
      assert.notEqual(code, 0, output);
      assert.match(output, says);
      assert.ok(await mendState(stack, output), `the page has nothing on ${output}`);
      await succeeds("stack", "export");
      await succeeds("cancel", "--yes");
    });
  }

  const harmless: [title: string, leaves: () => void][] = [
    ["a state that was being written", () => fs.writeFileSync(file(".18a2b3c4d5e6f708.tmp"), '{"version":3,')],
    ["an empty note of the one before", () => empty(file(".bak.attrs"))],
    [
      "a lock and its empty note",
      () => {
        const locks = path.join(stack.backend, ".pulumi/locks/organization", stack.project, "dev");
        fs.mkdirSync(locks, { recursive: true });
        fs.writeFileSync(path.join(locks, "1.json"), "{}");
        fs.writeFileSync(path.join(locks, "1.json.attrs"), "");
      },
    ],
  ];
  for (const [title, leaves] of harmless) {
    it(`is whole beside ${title}`, async () => {
      leaves();
      await succeeds("cancel", "--yes");
      await succeeds("stack", "import", "--file", path.join(stack.directory, "export.json"));
      await succeeds("stack", "export");
    });
  }

  it("has no notes that could break where its URL says so", async () => {
    const backend = temporaryDirectory("state");
    const other = await Stack.create(nobody, {
      backend,
      project: stack.project,
      environment: { PULUMI_BACKEND_URL: `file://${backend}?metadata=skip` },
    });
    const { code, output } = await other.run("stack", "import", "--file", path.join(stack.directory, "export.json"));
    assert.equal(code, 0, output);
    const made = fs.readdirSync(backend, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      made.filter((each) => each.endsWith(".attrs")),
      [],
    );
  });

  it("is not touched at another message", async () => {
    assert.equal(await mendState(stack, "error: the stack is currently locked by 1 lock(s)"), undefined);
  });
});
