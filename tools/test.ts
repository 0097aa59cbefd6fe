import { runCommand } from "./command";
import { prepareTools } from "./index";
import { machinePlatform } from "./platform";
import { say, seconds } from "./progress";
import { type Counts, sum, summary } from "./testing/counts";
import { GROUPS, type Group, runGroup, runNode } from "./testing/groups";
import { runLint } from "./testing/lint";
import { preparePackages } from "./testing/packages";

/** `npm test`: lint, then every group; with arguments only these groups. The last line holds the totals. */
runCommand(async (args) => {
  const started = Date.now();
  const groups = args.length > 0 ? args.map(asGroup) : GROUPS;
  const counts: Counts[] = args.length > 0 ? [] : [await runLint()];
  const durations: string[] = [];
  for (const group of groups) {
    const preparing = Date.now();
    await prepareGroup(group);
    const running = Date.now();
    counts.push(await runGroup(group));
    durations.push(`${group} ${seconds(running)} (made ready in ${seconds(preparing, running)})`);
  }
  const total = sum(counts);
  say(`\nnpm test: ${seconds(started)}: ${durations.join(", ")}`);
  total.repeats.forEach((repeat) => say(`↻ ${repeat}`));
  total.failures.forEach((failure) => say(`✗ ${failure}`));
  say(summary(total));
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

function asGroup(name: string): Group {
  const group = GROUPS.find((candidate) => candidate === name);
  if (!group) {
    throw new Error(`"${name}" is no group of tests: use ${GROUPS.join(", ")}, or none for all.`);
  }
  return group;
}

async function prepareGroup(group: Group): Promise<void> {
  switch (group) {
    case "unit":
      return;
    case "tools":
      await prepareTools();
      return;
    case "hosts":
    case "main":
    case "ec2":
    case "farm":
    case "recipes":
      await preparePackages();
      await prepareTools();
      if (machinePlatform() === "linux/amd64") {
        await prepareTools(["buildkitd", "buildctl"], { platform: "linux/arm64" }); // for the test's virtual machine
      }
      if (group === "ec2" || group === "farm") {
        await prepareCloud();
      }
      return;
    default:
      return group satisfies never;
  }
}

/** In a process of its own: nothing else here needs what it loads. */
async function prepareCloud(): Promise<void> {
  const code = await runNode(["--require", "ts-node/register/transpile-only", "test/cloud/prepare.ts"]);
  if (code !== 0) {
    say(`tests: the cloud could not be made ready, with ${code ?? "a signal"}; its tests try again`);
  }
}
