/**
 * `npm run bench`: this component and docker-build's own `Image` on the same nodes. Writes docs/performance.md, and the results and
 * plots beside it, after each row.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { helpText, readArguments } from "./bench/arguments";
import { compare } from "./bench/compare";
import { withResults } from "./bench/page";
import { plot } from "./bench/plot";
import { mergeResults, readResults, type RowResult } from "./bench/results";
import { rows } from "./bench/rows";
import { openWorld } from "./bench/world";
import { runCommand } from "./command";
import { writePage } from "./testing/writePage";

const docs = path.join(__dirname, "../docs");
const folder = path.join(docs, "performance");
const resultsFile = path.join(folder, "results.json");

runCommand(async (args) => {
  if (args.includes("--help")) {
    process.stdout.write(helpText());
    return 0;
  }
  const { names, pairs } = readArguments(args);
  const before = readResults(resultsFile);
  const world = await openWorld();
  const results: RowResult[] = [];
  try {
    for (const name of names) {
      results.push(await compare(world, name, rows[name], pairs));
      await write(mergeResults(before, results));
    }
  } finally {
    await world.close();
  }
  return 0;
});

async function write(results: readonly RowResult[]): Promise<void> {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(resultsFile, `${JSON.stringify({ results }, undefined, 2)}\n`);
  const compared = results.filter(({ sides: { ours, plain } }) => ours && plain);
  const ratios = compared.map(({ name, goal, ratios: { cpuSeconds } }) => ({ label: name, value: cpuSeconds, goal }));
  fs.writeFileSync(
    path.join(folder, "ratios.svg"),
    plot("Seconds of a core: ours by plain docker-build", " ×", ratios),
  );
  const bars = compared.flatMap(({ name, sides }) =>
    Object.entries(sides).map(([side, { cpuSeconds }]) => ({ label: `${name}: ${side}`, value: cpuSeconds })),
  );
  fs.writeFileSync(path.join(folder, "cpu.svg"), plot("Seconds of a core", " s", bars));
  await writePage("performance.md", withResults(fs.readFileSync(path.join(docs, "performance.md"), "utf8"), results));
}
