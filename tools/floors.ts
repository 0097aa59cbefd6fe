import * as path from "node:path";

import { byFolder, circlesOf, floorsOf, importsBelow } from "./imports";
import { say } from "./progress";
import { ROOT } from "./testing/testFile";

// Prints the folders of components/ by floors, and the circles of imports among its files and folders.
const files = importsBelow(path.join(ROOT, "components"));
const folders = byFolder(files);
const arrows = [...folders.values()].reduce((sum, { size }) => sum + size, 0);
const floors = floorsOf(folders);
for (const [at, floor] of [...floors.entries()].reverse()) {
  say(`${at}  ${floor.sort().join("  ")}`);
}
say(
  `${files.size} files on ${floorsOf(files).length} floors; ${folders.size} folders on ${floors.length} floors, ${arrows} arrows`,
);
for (const [what, imports] of [
  ["files", files],
  ["folders", folders],
] as const) {
  const circles = circlesOf(imports);
  say(`circles of ${what}: ${circles.map((circle) => circle.join(" ⇄ ")).join("; ") || "none"}`);
}
