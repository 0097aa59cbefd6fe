import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { runCommand } from "./command";
import { say, withProgress } from "./progress";
import { Account, identify } from "./verify/account";
import { askUser, hasConsent } from "./verify/consent";
import { costText } from "./verify/cost";
import { readLayers } from "./verify/layers";
import { runLife } from "./verify/life";
import { createProject, type Project, readSpec, writeMessage, writeSpec } from "./verify/project";
import { isGood, reportText, type RunFacts } from "./verify/report";
import { initialSpec, newRunId, type Outputs } from "./verify/settings";
import { catchSignals } from "./verify/signals";
import { RunStack } from "./verify/stack";
import { verifySteps } from "./verify/steps";
import type { CleanUp, World } from "./verify/world";

const pauseMilliseconds = 10_000;
const manifest = path.join(__dirname, "..", "package.json");

runCommand(async (args) => {
  const unknown = args.find((argument) => argument !== "--yes");
  if (unknown) {
    throw new Error(`"${unknown}" is no argument: npm run verify:aws [-- --yes]`);
  }
  say(costText());
  say("");
  const { account, arn, region } = await identify();
  say(`Account ${account}, region ${region}, as ${arn}`);
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  if (!(await hasConsent({ yes: args.includes("--yes"), isInteractive, ask: askUser }))) {
    say("Nothing was made.");
    return 1;
  }
  const { version } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string };
  return verify({ runId: newRunId(), account, region, version, startedAt: new Date().toISOString() });
});

async function verify(facts: RunFacts): Promise<number> {
  const { runId, region } = facts;
  const { stop, interrupt, release } = catchSignals(say);
  try {
    const project = await withProgress("set-up", () => createProject(initialSpec(runId, process.env), region));
    say(`run ${runId}; project and state: ${project.folder}`);
    const stack = await RunStack.open(project, say, interrupt);
    const account = new Account(region, runId);
    const cleanUp: CleanUp = {
      destroy: () => stack.destroy(),
      leftovers: () => account.leftovers(),
      pause: () => sleep(pauseMilliseconds),
    };
    const life = await runLife(verifySteps, worldOf(project, stack, account, stop), cleanUp, stop, say);
    const text = reportText(facts, life);
    const folder = process.env.INIT_CWD ?? process.cwd();
    fs.writeFileSync(path.join(folder, "verify-aws.md"), text);
    fs.writeFileSync(path.join(folder, "verify-aws.json"), `${JSON.stringify({ ...facts, ...life }, undefined, 2)}\n`);
    say(`\n${text}\nWritten to verify-aws.md and verify-aws.json in ${folder}.`);
    if (life.leftovers.length === 0) {
      fs.rmSync(project.folder, { recursive: true });
    }
    return isGood(life) ? 0 : 1;
  } finally {
    release();
  }
}

function worldOf({ folder }: Project, stack: RunStack, account: Account, stop: AbortSignal): World {
  return {
    platforms: readSpec(folder).platforms,
    declare: (change) => writeSpec(folder, { ...readSpec(folder), ...change }),
    writeMessage: (text) => writeMessage(folder, text),
    up: (options = {}) => stack.up(options),
    previewNothing: () => stack.previewNothing(),
    outputs: async () => (await stack.outputs()) as unknown as Outputs,
    instances: () => account.instances(),
    parameter: (name) => account.parameter(name),
    layers: async (outputs) => readLayers(outputs, await account.registryAuthorization()),
    sleep: (milliseconds) => sleep(milliseconds, undefined, { signal: stop }),
  };
}
