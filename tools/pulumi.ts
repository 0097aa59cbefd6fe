import { runCommand } from "./command";
import { ensureStack, prepareWorkspace, runPulumi } from "./stack";

/** What needs no stack. */
const STACKLESS = new Set(["version", "help", "plugin", "about", "login", "logout", "whoami", "schema", "package"]);

runCommand(async (args) => {
  const workspace = await prepareWorkspace();
  const command = args.find((argument) => !argument.startsWith("-"));
  if (command && !STACKLESS.has(command)) {
    await ensureStack(workspace);
  }
  return runPulumi(workspace, args);
});
