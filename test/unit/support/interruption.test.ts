import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as path from "node:path";

const source = path.resolve(__dirname, "../../../components/support/interruption");

/** Runs a program that knows `onInterruption`, `undoHeld`, `sleep` and `say`, and says how it ended and what it said. */
async function run(program: string): Promise<{ end: number | string | null; said: string[] }> {
  const begin = `
    require("ts-node/register/transpile-only");
    const { onInterruption, undoHeld } = require(${JSON.stringify(source)});
    const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const say = (text) => process.stdout.write(text + "\\n");
    const hold = (name, milliseconds = 100) =>
      onInterruption(async () => (say("undoes " + name), await sleep(milliseconds), say("undid " + name)));
    const interrupt = (signal = "SIGINT") => process.kill(process.pid, signal);
    const stays = setTimeout(() => process.exit(99), 5000);
  `;
  const child = spawn(process.execPath, ["-e", `${begin}(async () => {${program}})();`], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: path.resolve(__dirname, "../../.."),
  });
  let text = "";
  child.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ end: signal ?? code, said: text.split("\n").filter(Boolean) }));
  });
}

describe("a program that is interrupted", () => {
  it("undoes what it holds, at once, and ends as the signal says", async () => {
    assert.deepEqual(await run(`hold("a"); hold("b"); interrupt();`), {
      end: 130,
      said: ["undoes a", "undoes b", "undid a", "undid b"],
    });
  });

  it("undoes what it takes while it undoes, and ends then", async () => {
    assert.deepEqual(await run(`hold("a"); interrupt("SIGTERM"); await sleep(50); hold("b");`), {
      end: 143,
      said: ["undoes a", "undid a", "undoes b", "undid b"],
    });
  });

  it("ends at once at the second signal, also where something was taken since", async () => {
    const { end, said } = await run(`hold("a", 3000); interrupt(); await sleep(50); hold("b"); interrupt();`);
    assert.deepEqual([end, said], ["SIGINT", ["undoes a"]]);
  });

  it("goes on where it has a handler of its own, and is interrupted again then", async () => {
    const program = `
      let signals = 0;
      process.on("SIGINT", () => (signals += 1) === 2 && setTimeout(() => process.exit(7), 300));
      hold("a"); interrupt(); await sleep(200);
      hold("b"); interrupt();`;
    assert.deepEqual(await run(program), { end: 7, said: ["undoes a", "undid a", "undoes b", "undid b"] });
  });

  it("does nothing that was let go by itself", async () => {
    assert.deepEqual(await run(`hold("a")(); interrupt();`), { end: "SIGINT", said: [] });
  });
});
