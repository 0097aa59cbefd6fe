import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { baseImageAnswers } from "./baseImageAnswers";
import type { Progress } from "../../support/progress";
import type { Attempt, BuildSession } from "../../session/session";
import type { Builder } from "../../builder/builder";
import type { BuildStep } from "./purposes";
import type { LastTimes } from "../../insights/lastTimes";
import type { ImagePurpose } from "../../insights/watched";
import type { ImageBuild } from "./imageBuild";
import { say } from "../../pulumi/log";
import { isMocked } from "../../pulumi/mocks";
import { inOneLine, plainText } from "../../support/plainText";
import { describePreview } from "../../builder/preview";
import { resolved } from "../../pulumi/resolved";
import { sharedHooks } from "../../pulumi/sharedHooks";
import type { ComparedArgs, whyBuilt } from "./why";

/** Pulumi writes each of these lines into the log of a CI: a build of many minutes must not fill it. */
const tellAfterMilliseconds = (lasted: number) => (lasted < 60_000 ? 3_000 : 30_000);

/** Loaded with the first hook: an update without a build has no use for the half that runs in hooks. */
function phasesOf(purpose: ImagePurpose) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() takes twice as long
  return (require("./purposes") as typeof import("./purposes")).hookPhases[purpose];
}

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
  const progress: Progress = (message, isPassing) => {
    void say("info", plainText(message), component, isPassing);
  };
  const session = async () => builder.session(await resolved(component.urn));
  let loggedReason = "";
  const logReason = async ({ oldInputs, newInputs }: pulumi.ResourceHookArgs) => {
    const { subject, why, wakes } = phasesOf(purpose);
    // It has names of files.
    const reason = inOneLine(
      await reasonOf(why, oldInputs, newInputs).catch((error: Error) => `for a reason unknown (${error.message})`),
    );
    if (pulumi.runtime.isDryRun()) {
      const nodes = await builder.previewed();
      const text = describePreview(reason, await resolved(component.urn), nodes, wakes(build));
      // Of an image whose platforms are apart, once.
      const likely = purpose === "platform" ? undefined : await build.insights?.likely();
      void say("info", [`${subject(name)} ${text}`, ...(likely ? [likely] : [])].join("\n  "), component);
    } else {
      loggedReason = reason;
      void say("info", `building ${subject(name)}: ${reason}`, component);
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
  let last: LastTimes | undefined;
  const tell = () => {
    const { subject } = phasesOf(purpose);
    build.stopTelling = tellWhileBuilding(subject(name), purpose === "index" ? undefined : last, progress);
  };
  const prepare = async (args: pulumi.ResourceHookArgs) => {
    await logReason(args);
    if (pulumi.runtime.isDryRun()) {
      return;
    }
    const { newInputs = {} } = args;
    build.watched = { purpose, platforms: build.platforms, since: Date.now(), attempts: 1, reason: loggedReason };
    const { before } = phasesOf(purpose);
    last = await build.insights?.last(build.platforms);
    build.attempt = await before({ ...(await step()), last }, newInputs);
    build.watched.preparedAt = Date.now();
    tell();
  };
  const conclude = async ({ newInputs = {}, newOutputs = {} }: pulumi.ResourceHookArgs) => {
    build.stopTelling?.();
    if (build.attempt) {
      build.attempt.isBuilding = false;
    }
    try {
      await phasesOf(purpose).after(await step(), newInputs, newOutputs);
    } finally {
      await report(build, session, newInputs);
      await finish(session, build, false);
    }
  };
  const onError = async ({ errors, failedOperation, newInputs = {} }: pulumi.ErrorHookArgs) => {
    // What is deleted after a replacement is of a build that is over.
    if (failedOperation === "delete") {
      return false;
    }
    build.stopTelling?.();
    let shouldRetry = false;
    try {
      const { explain } = phasesOf(purpose);
      shouldRetry = build.attempt ? await recover(await step(), build.attempt, errors[0] ?? "", explain) : false;
    } catch (error) {
      await say("error", plainText((error as Error).message), component);
    }
    if (shouldRetry && build.watched) {
      build.watched.attempts += 1;
      tell();
    }
    if (!shouldRetry) {
      // After-hooks don't run when a build fails.
      await report(build, session, newInputs, errors[0] ?? "it failed");
      await finish(session, build, true);
    }
    return shouldRetry;
  };
  return sharedHooks(component, name, { prepare, conclude, onError });
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
    await say("error", plainText(explanation), component);
  }
  return session.recover(attempt, error, progress);
}

/** What the status line says besides docker-build's own lines, which go by, and are none while nothing moves. */
function tellWhileBuilding(subject: string, last: LastTimes | undefined, progress: Progress): () => void {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- as above
  const { describeBuilding } = require("../../insights/lastTimes") as typeof import("../../insights/lastTimes");
  const since = Date.now();
  let timer: NodeJS.Timeout;
  const wait = () => {
    // It must not keep the program alive.
    timer = setTimeout(
      () => {
        progress(describeBuilding(subject, (Date.now() - since) / 1_000, last), true);
        wait();
      },
      tellAfterMilliseconds(Date.now() - since),
    ).unref();
  };
  wait();
  return () => clearTimeout(timer);
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
