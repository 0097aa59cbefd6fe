/** Writes docs/test-results.md from the last runs of `npm test` and `npm run test:all` on this machine. */
import * as fs from "node:fs";
import * as path from "node:path";

import { runCommand } from "./command";
import { readResults } from "./testing/lastRun";
import { describeTests } from "./testing/pages";

runCommand(() => {
  const page = describeTests(readResults(false), readResults(true));
  fs.writeFileSync(path.join(__dirname, "../docs/test-results.md"), page);
  return Promise.resolve(0);
});
