import * as names from "../../components/support/names";
import type { Cloud, CloudInstance } from "../cloud/cloud";
import { writeApp } from "../ec2/amd64";
import { waitForSleep } from "../ec2/node";
import { type Outcome, type Stack, waitFor } from "../main/stack";

/** How long the step of a build takes that something happens to. */
export const stepSeconds = 6;
const builderType = "multi-platform-image:index:Builder";
export const ends = ["terminated", "shutting-down"];

/** Instances of a builder that run, or are about to. */
export async function runningOf(cloud: Cloud, builderName: string): Promise<CloudInstance[]> {
  const all = await cloud.instances();
  return all.filter(({ tags, state }) => tags["multi-platform-image:builder"] === builderName && !ends.includes(state));
}

/** Of the builder that a stack declares, also before its first update. */
export function builderNameOf({ stack, project }: Stack): string {
  return names.builderNameOf("builders", "organization", `urn:pulumi:${stack}::${project}::${builderType}::builders`);
}

/** A build that is under way, and where. */
export interface Build {
  id: string;
  up: ReturnType<Stack["start"]>;
}

/**
 * Starts a build whose step sleeps, on a builder with one node, and waits until it does.
 * @param what makes the step another one than those before.
 */
export async function startBuild(cloud: Cloud, stack: Stack, what: string): Promise<Build> {
  await writeApp(stack, `sleep ${stepSeconds} && echo ${what} > /what`);
  const builderName = builderNameOf(stack);
  const up = stack.start("up", "--yes", "--skip-preview");
  const id = await meanwhile(up.done, firstRunning(cloud, builderName));
  await meanwhile(up.done, waitForSleep(cloud, id, stepSeconds));
  return { id, up };
}

/** What happens during an update, which must not end before. */
export function meanwhile<T>(up: Promise<Outcome>, what: Promise<T>): Promise<T> {
  const end = up.then(({ output }): never => {
    throw new Error(`the update has ended: ${output}`);
  });
  // Whichever is the later one, nobody waits for.
  end.catch(() => undefined);
  what.catch(() => undefined);
  return Promise.race([what, end]);
}

/** The instance of a builder that runs, as soon as there is one. */
export async function firstRunning(cloud: Cloud, builderName: string): Promise<string> {
  let found: CloudInstance | undefined;
  await waitFor(`an instance of ${builderName}`, async () => {
    found = (await runningOf(cloud, builderName)).find(({ state }) => state === "running");
    return found !== undefined;
  });
  return found!.id;
}
