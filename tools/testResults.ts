/** Writes docs/test-results.md from the last runs of `npm test` and `npm run test:all` on this machine. */
import { runCommand } from "./command";
import { readResults } from "./testing/lastRun";
import { describeTests } from "./testing/pages";
import { writePage } from "./testing/writePage";

runCommand(async () => {
  await writePage("test-results.md", describeTests(readResults(false), readResults(true)));
  return 0;
});
