import * as path from "node:path";

import { byFolder, circlesOf, floorsOf, importsBelow, longestChain } from "./imports";
import { say } from "./progress";
import { ROOT } from "./testing/testFile";

// Prints the rooms of components/ (its folders, each with what is below it) by floors, the longest chain of files, and circles.
const files = importsBelow(path.join(ROOT, "components"));
const rooms = byFolder(files, 1);
for (const [at, floor] of [...floorsOf(rooms).entries()].reverse()) {
  say(`${at}  ${floor.sort().join("  ")}`);
}
for (const [what, imports] of [
  ["rooms", rooms],
  ["folders", byFolder(files)],
  ["files", files],
] as const) {
  const arrows = [...imports.values()].reduce((sum, { size }) => sum + size, 0);
  const circles = circlesOf(imports).map((circle) => circle.join(" ⇄ "));
  say(`${imports.size} ${what} on ${floorsOf(imports).length} floors, ${arrows} arrows`);
  say(`  circles: ${circles.join("; ") || "none"}`);
}
say(`The longest chain of files: ${longestChain(files).join(" → ")}`);
