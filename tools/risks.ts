/** Writes docs/security.md and docs/reliability.md, and says which of their tests have not passed in the last runs. */
import { runCommand } from "./command";
import { faults } from "./risks/faults";
import { describeFaults, describeThreats, unproven } from "./risks/pages";
import { threats } from "./risks/threats";
import { readResults } from "./testing/lastRun";
import { writePage } from "./testing/writePage";

runCommand(async () => {
  const results = [readResults(false), readResults(true)];
  await writePage("security.md", describeThreats(threats, results));
  await writePage("reliability.md", describeFaults(faults, results));
  const open = unproven([...threats, ...faults], results);
  if (open.length > 0) {
    process.stdout.write(`These have not passed when they were last run:\n${open.join("\n")}\n`);
  }
  return open.length > 0 ? 1 : 0;
});
