import * as fs from "node:fs";
import * as path from "node:path";

import type { Cloud, Halt } from "../cloud/cloud";
import { crash, killProgram } from "../main/processes";
import { type Outcome, type Stack, waitFor } from "../main/stack";

/** All clients of AWS's SDK, which are those of callers: the provider's and the hooks'. */
const agent = "aws-sdk-js/";

/** Where a command of Pulumi is killed, and what of it. */
export interface Kill extends Pick<Halt, "at" | "when"> {
  /** The engine with its program and plugins, as a machine that crashes; or the program with its hooks alone. */
  what: "all" | "program";
}

export interface Killed {
  /** The call; undefined, if the command ended before it. */
  reached?: string;
  outcome: Outcome;
}

/** Kills a command at its n-th call to AWS. */
export async function killCommand(cloud: Cloud, stack: Stack, command: string[], kill: Kill): Promise<Killed> {
  await cloud.halt({ agent, at: kill.at, when: kill.when });
  const started = stack.start(...command, "--yes", "--skip-preview");
  let reached: string | undefined;
  await waitFor(`call ${kill.at} of \`${command.join(" ")}\``, async () => {
    reached = (await cloud.halts()).find((each) => each.agent === agent)?.reached ?? undefined;
    return reached !== undefined || started.child.exitCode !== null;
  });
  if (reached !== undefined) {
    await (kill.what === "all" ? crash(started) : killProgram(started));
  }
  await cloud.release(agent);
  const outcome = await started.done;
  mendState(stack);
  return { reached, outcome };
}

/** Pulumi's state in files may be cut short by a kill in the middle of a write; what was before is beside it. */
function mendState({ backend }: Stack): void {
  const folder = path.join(backend, ".pulumi", "stacks");
  for (const each of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = path.join(folder, each);
    if (file.endsWith(".json") && fs.statSync(file).size === 0 && fs.existsSync(`${file}.bak`)) {
      console.log(`      ${each} is empty: the one before takes its place`);
      fs.copyFileSync(`${file}.bak`, file);
    }
  }
}

/** Runs a command to its end, and counts its calls. */
export async function countCalls(
  cloud: Cloud,
  stack: Stack,
  command: string[],
): Promise<{ calls: number; outcome: Outcome }> {
  await cloud.halt({ agent, at: 100_000, when: "before" });
  const outcome = await stack.run(...command, "--yes", "--skip-preview");
  const [{ count }] = await cloud.halts();
  await cloud.release(agent);
  return { calls: count, outcome };
}
