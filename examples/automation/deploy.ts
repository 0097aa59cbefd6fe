import { LocalWorkspace, type UpOptions } from "@pulumi/pulumi/automation";

import { environments } from "./environments";
import { type Machine, readMachine } from "./machine";
import { programOf } from "./program";

/** What there is to say of a stack in the end: a line each. */
type Lines = string[];

async function stackOf(stackName: string, machine: Machine) {
  const program = programOf(stackName, environments[stackName], machine);
  return LocalWorkspace.createOrSelectStack({ stackName, projectName: "shop", program });
}

/** Each line with the name of its stack, also what is said while an image builds: why, on which nodes, what is waited for. */
const saying = (stackName: string): Pick<UpOptions, "onOutput"> => ({
  onOutput: (text) => console.log(text.replace(/^(?=.)/gm, `${stackName} | `).trimEnd()),
});

async function up(stackName: string, machine: Machine): Promise<Lines> {
  const stack = await stackOf(stackName, machine);
  const warnings: Lines = [];
  const { outputs } = await stack.up({
    ...saying(stackName),
    onEvent: ({ diagnosticEvent }) => {
      if (diagnosticEvent?.severity === "warning") {
        warnings.push(`warning: ${diagnosticEvent.message.trim()}`);
      }
    },
  });
  return [...warnings, ...Object.entries(outputs).map(([service, { value }]) => `${service} ${value}`)];
}

async function destroy(stackName: string, machine: Machine): Promise<Lines> {
  const stack = await stackOf(stackName, machine);
  await stack.destroy(saying(stackName));
  await stack.workspace.removeStack(stackName);
  return ["destroyed"];
}

const actions: Record<string, typeof up> = { up, destroy };

async function main([word, ...names]: string[]): Promise<void> {
  const action = actions[word];
  if (!action || names.length === 0 || names.some((name) => !(name in environments))) {
    throw new Error(
      `what is to be done: up or destroy, and of which environments: ${Object.keys(environments).join(", ")}`,
    );
  }
  const machine = readMachine(process.env);
  // Side by side: the stacks share the nodes, and one that fails leaves the others alone.
  const ended = await Promise.allSettled(names.map((name) => action(name, machine)));
  ended.forEach((each, at) => {
    if (each.status === "rejected") {
      console.error(`${names[at]} failed: ${(each.reason as Error).message}`);
      process.exitCode = 1;
      return;
    }
    each.value.forEach((line) => console.log(`${names[at]} ${line}`));
  });
}

// A terminal's Ctrl-C reaches Pulumi's processes, too, which end their updates. This process waits for them: hooks run in it.
process.on("SIGINT", () => console.error("ending the updates"));

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
