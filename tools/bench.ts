/**
 * `npm run bench`: this component and docker-build's own `Image` on the same nodes. Writes docs/performance.md, and the results and
 * plots beside it, after each row.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { readArguments } from "./bench/arguments";
import { compare, type RowResult } from "./bench/compare";
import { type Circumstances, circumstances, withResults } from "./bench/page";
import { plot } from "./bench/plot";
import { rows } from "./bench/rows";
import { openWorld } from "./bench/world";
import { runCommand } from "./command";
import { writePage } from "./testing/writePage";

const docs = path.join(__dirname, "../docs");

runCommand(async (args) => {
  const { names, pairs } = readArguments(args);
  const world = await openWorld();
  const results: RowResult[] = [];
  try {
    for (const name of names) {
      results.push(await compare(world, name, rows[name], pairs));
      await write(results, circumstances());
    }
  } finally {
    await world.close();
  }
  return 0;
});

async function write(results: readonly RowResult[], about: Circumstances): Promise<void> {
  const folder = path.join(docs, "performance");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "results.json"), `${JSON.stringify({ ...about, results }, undefined, 2)}\n`);
  const ratios = results.map(({ name, goal, ratios: { cpuSeconds } }) => ({ label: name, value: cpuSeconds, goal }));
  fs.writeFileSync(
    path.join(folder, "ratios.svg"),
    plot("Seconds of a core: ours by plain docker-build", " ×", ratios),
  );
  const bars = results.flatMap(({ name, sides }) =>
    Object.entries(sides).map(([side, { cpuSeconds }]) => ({ label: `${name}: ${side}`, value: cpuSeconds })),
  );
  fs.writeFileSync(path.join(folder, "cpu.svg"), plot("Seconds of a core", " s", bars));
  await writePage(
    "performance.md",
    withResults(fs.readFileSync(path.join(docs, "performance.md"), "utf8"), results, about),
  );
}
