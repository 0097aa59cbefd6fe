/** Writes docs/security.md and docs/reliability.md, and says which of their tests have not passed in the last runs. */
import * as fs from "node:fs";
import * as path from "node:path";

import { runCommand } from "./command";
import { faults } from "./risks/faults";
import { describeFaults, describeThreats, unproven } from "./risks/pages";
import { threats } from "./risks/threats";
import { readResults } from "./testing/lastRun";

runCommand(() => {
  const results = [readResults(false), readResults(true)];
  const docs = path.join(__dirname, "../docs");
  fs.writeFileSync(path.join(docs, "security.md"), describeThreats(threats, results));
  fs.writeFileSync(path.join(docs, "reliability.md"), describeFaults(faults, results));
  const open = unproven([...threats, ...faults], results);
  if (open.length > 0) {
    process.stdout.write(`These have not passed when they were last run:\n${open.join("\n")}\n`);
  }
  return Promise.resolve(open.length > 0 ? 1 : 0);
});
