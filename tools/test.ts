import { runCommand } from "./command";
import { readArguments } from "./testing/arguments";
import { runTests } from "./testing/run";

/** `npm test`, and with `--all` `npm run test:all`: lint, then every group; with arguments only these groups. */
runCommand(async (args) => {
  const wanted = readArguments(args);
  const { passed, failed } = await runTests(wanted);
  // A change may touch no test; a run of everything that runs nothing is broken.
  return failed > 0 || (passed === 0 && !wanted.changed) ? 1 : 0;
});
