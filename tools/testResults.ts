/** Writes docs/test-results.md from the last runs of `npm test` and `npm run test:all` on this machine. */
import { runCommand } from "./command";
import { GROUPS } from "./testing/groups";
import { readResults } from "./testing/lastRun";
import { describeTests } from "./testing/pages";
import { testFiles } from "./testing/testFile";
import { writePage } from "./testing/writePage";

runCommand(async () => {
  const files = GROUPS.flatMap((group) => testFiles(group));
  const nightly = files.filter(({ isNightly }) => isNightly).map(({ name }) => name);
  await writePage("test-results.md", describeTests(readResults(false), readResults(true), nightly));
  return 0;
});
