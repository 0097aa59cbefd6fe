import { runCommand } from "./command";
import { prepareExample } from "./example";
import { say, seconds } from "./progress";
import { startRegistry } from "./registry";
import { STACK, type Workspace, prepareWorkspace, pulumiOrThrow, runPulumi, toolPath } from "./stack";

/** The exports of index.ts. */
interface Outputs {
  indexDigest?: string;
  ref?: string;
  platformDigests?: Record<string, string>;
}

runCommand(async (args) => {
  const started = Date.now();
  const workspace = await prepareWorkspace();
  await prepareExample();
  await startRegistry(toolPath(workspace, "registry"));
  await pulumiOrThrow(workspace, ["stack", "select", "--create", STACK, "--non-interactive"]);
  say(`set-up: done in ${seconds(started)}`);
  const code = await runPulumi(workspace, ["up", "--yes", "--stack", STACK, ...args]);
  if (code === 0) {
    await showOutputs(workspace);
  }
  say(`npm start: ${code === 0 ? "done" : `failed with ${code}`} in ${seconds(started)}`);
  return code;
});

async function showOutputs(workspace: Workspace): Promise<void> {
  const json = await pulumiOrThrow(workspace, ["stack", "output", "--json", "--stack", STACK]);
  const { indexDigest, ref, platformDigests } = JSON.parse(json) as Outputs;
  say("");
  say(`index digest  ${indexDigest}`);
  say(`ref           ${ref}`);
  for (const [platform, digest] of Object.entries(platformDigests ?? {})) {
    say(`${platform.padEnd(12)}  ${digest}`);
  }
}
