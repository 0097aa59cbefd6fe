/** `npm run bench`: this component and docker-build's own `Image` on the same nodes. Writes docs/performance.md and what it shows. */
import { readArguments } from "./bench/arguments";
import { compare, type RowResult } from "./bench/compare";
import { rows } from "./bench/rows";
import { openWorld } from "./bench/world";
import { runCommand } from "./command";
import { say } from "./progress";

runCommand(async (args) => {
  const { names, pairs } = readArguments(args);
  const world = await openWorld();
  const results: RowResult[] = [];
  try {
    for (const name of names) {
      const result = await compare(world, name, rows[name], pairs);
      say(JSON.stringify(result, undefined, 1));
      results.push(result);
    }
  } finally {
    await world.close();
  }
  return 0;
});
