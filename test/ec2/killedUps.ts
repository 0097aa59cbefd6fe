import * as assert from "node:assert/strict";

import type { Cloud, Halt } from "../cloud/cloud";
import { mendState } from "../main/brokenState";
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
  return { reached, outcome };
}

/**
 * What a user does after a kill: `pulumi cancel`, because who has the lock is gone; and where the state can't be read, what
 * troubleshooting.md says of that. Says what it was.
 * @see https://www.pulumi.com/docs/iac/cli/commands/pulumi_cancel/
 */
export async function cancelKilled(stack: Stack): Promise<string | undefined> {
  const cancel = () => stack.run("cancel", "--yes");
  const first = await cancel();
  if (first.code === 0) {
    return undefined;
  }
  const mended = await mendState(stack, first.output);
  const second = await cancel();
  assert.equal(
    second.code,
    0,
    `${first.output}\n${mended ?? "troubleshooting.md has nothing on that"}\n${second.output}`,
  );
  return mended;
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
