import { setTimeout as sleep } from "node:timers/promises";

import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { baseImageAnswers } from "./baseImages/ask";
import type { Progress } from "./build/node";
import type { Attempt, BuildSession } from "./build/session";
import type { Builder } from "./builder";
import { type BuildStep, hookPhases, type ImageBuild, type ImagePurpose } from "./hookPhases";
import { errorHook, resourceHook } from "./hookNames";
import { isMocked } from "./mocks";
import { inOneLine, plainText } from "./plainText";
import { describePreview } from "./preview";
import { resolved } from "./resolved";
import type { ComparedArgs, whyBuilt } from "./why";

const mostLogMilliseconds = 2_000;

/**
 * The hooks of an image: they run in this process, only when Pulumi really builds.
 *
 * None on delete: with one in the state, a plain `pulumi destroy` fails.
 */
export function imageHooks(
  component: pulumi.Resource,
  name: string,
  builder: Builder,
  build: ImageBuild,
  purpose: ImagePurpose = "image",
): pulumi.ResourceHookBinding | undefined {
  if (isMocked()) {
    return undefined;
  }
  // No line of the log is ever waited for, here or elsewhere: they form one queue, and one before may wait for the URN of a
  // resource that waits for this hook. Then `up` would hang (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts).
  const progress: Progress = (message, isPassing) => {
    void pulumi.log.info(plainText(message), component, undefined, isPassing);
  };
  const session = async () => builder.session(await resolved(component.urn));
  let toldReason = "";
  const { subject, why, wakes, before, after, explain } = hookPhases[purpose];
  const tell = async ({ oldInputs, newInputs }: pulumi.ResourceHookArgs) => {
    // It has names of files.
    const reason = inOneLine(
      await reasonOf(why, oldInputs, newInputs).catch((error: Error) => `for a reason unknown (${error.message})`),
    );
    if (pulumi.runtime.isDryRun()) {
      const text = describePreview(reason, await resolved(component.urn), await builder.previewed(), wakes(build));
      void pulumi.log.info(`${subject(name)} ${text}`, component);
    } else {
      toldReason = reason;
      void pulumi.log.info(`building ${subject(name)}: ${reason}`, component);
    }
  };
  const owner = `MultiPlatformImage ${name}`;
  const baseImages = baseImageAnswers();
  const step = async (): Promise<BuildStep> => ({
    component,
    baseImages,
    owner,
    builder,
    build,
    session: await session(),
    progress,
  });
  const prepare = async ({ newInputs = {} }: pulumi.ResourceHookArgs) => {
    build.watched = { purpose, platforms: build.platforms, since: Date.now(), attempts: 1, reason: toldReason };
    build.attempt = await before(await step(), newInputs);
    build.watched.preparedAt = Date.now();
  };
  const conclude = async ({ newInputs = {}, newOutputs = {} }: pulumi.ResourceHookArgs) => {
    if (build.attempt) {
      build.attempt.isBuilding = false;
    }
    try {
      await after(await step(), newInputs, newOutputs);
    } finally {
      await report(build, session, newInputs);
      await finish(session, build, false);
    }
  };
  const onError = async ({ errors, newInputs = {} }: pulumi.ErrorHookArgs) => {
    let isToBuildAgain = false;
    try {
      isToBuildAgain = build.attempt ? await recover(await step(), build.attempt, errors[0] ?? "", explain) : false;
    } catch (error) {
      await tellFailure((error as Error).message, component);
    }
    if (isToBuildAgain && build.watched) {
      build.watched.attempts += 1;
    }
    if (!isToBuildAgain) {
      // After-hooks don't run when a build fails.
      await report(build, session, newInputs, errors[0] ?? "it failed");
      await finish(session, build, true);
    }
    return isToBuildAgain;
  };
  // Each by a name of its own: the SDK names a plain function by its resource's type and name, which others may have, too.
  // The first is the one that a preview runs.
  const preparation = [resourceHook(name, "why", tell, { onDryRun: true }), resourceHook(name, "prepare", prepare)];
  const conclusion = [resourceHook(name, "conclude", conclude)];
  return {
    beforeCreate: preparation,
    beforeUpdate: preparation,
    afterCreate: conclusion,
    afterUpdate: conclusion,
    onError: [errorHook(name, "onError", onError)],
  };
}

/** Why docker-build builds, without values: some are secrets. */
async function reasonOf(
  why: typeof whyBuilt,
  before: pulumi.Inputs | undefined,
  now: pulumi.Inputs = {},
): Promise<string> {
  const unknown = Object.keys(now).filter((key) => pulumi.containsUnknowns(now[key]));
  return why(before && (await plain(before, [])), await plain(now, unknown), unknown);
}

async function plain(inputs: pulumi.Inputs, without: readonly string[]): Promise<ComparedArgs> {
  const known = Object.entries(inputs).filter(([key]) => !without.includes(key));
  const all: pulumi.Output<ComparedArgs> = pulumi.output(Object.fromEntries(known));
  return resolved(all);
}

async function recover(
  { component, session, progress }: BuildStep,
  attempt: Attempt,
  error: string,
  explain: (error: string) => string | undefined,
): Promise<boolean> {
  const explanation = session.explain(attempt, error) ?? explain(error);
  if (explanation) {
    await tellFailure(explanation, component);
  }
  return session.recover(attempt, error, progress);
}

/**
 * Says what a failure means. Where a line before it holds up the log, which it may do until the program has ended, it is
 * said on standard error, which Pulumi shows, too.
 */
async function tellFailure(message: string, component: pulumi.Resource): Promise<void> {
  const text = plainText(message);
  // eslint-disable-next-line no-restricted-syntax -- with a bound
  const told = pulumi.log.error(text, component).then(() => true);
  if (!(await Promise.race([told, sleep(mostLogMilliseconds, false)]))) {
    process.stderr.write(`${text}\n`);
  }
}

/** While the nodes are still there to be asked. */
async function report(
  { insights, watched }: ImageBuild,
  session: () => Promise<BuildSession>,
  inputs: pulumi.Inputs,
  error?: string,
): Promise<void> {
  if (watched) {
    await insights?.conclude(watched, session, inputs as dockerBuild.ImageArgs, error);
  }
}

async function finish(openSession: () => Promise<BuildSession>, build: ImageBuild, hasFailed: boolean): Promise<void> {
  if (build.attempt) {
    await (await openSession()).finish(build.attempt, hasFailed);
  }
}
