/**
 * The table of docs/recipe-results.md: for each row of docs/recipes.md the tests that name it, and how they ended in one run
 * of `npm test`, whose output is the argument: `node tools/run.js recipeResults LOG`.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { describeResults, readResults } from "./testing/recipeResults";

const [, , log] = process.argv;
if (!log) {
  throw new Error("Name a file with what `npm test` printed: node tools/run.js recipeResults LOG");
}
const page = path.join(__dirname, "../docs/recipe-results.md");
fs.writeFileSync(page, describeResults(readResults(fs.readFileSync(log, "utf8"))));
