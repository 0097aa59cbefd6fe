import * as path from "node:path";

import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { BuildError } from "../../support/errors";
import { say } from "../../pulumi/log";
import { reportWhile } from "../../support/progress";
import { isMocked } from "../../pulumi/mocks";
import { PlainResourceError } from "../../pulumi/resourceError";
import { followDockerfile, type KnownContext, mapLocations, stageAll, withoutFolder } from "../../context/locations";
import { pinGitContexts, pinKnown } from "./pin";
import type { StagedContext } from "../../context/stage";

// Below them, nobody asks where the time went.
const reportedMilliseconds = 1_000;
const reportedBytes = 50 << 20;

/**
 * Arguments whose context docker-build sees a change of when, and only when, its content has changed: folders as staged
 * copies, Git refs as commits.
 */
export function prepareContext(
  component: pulumi.Resource,
  name: string,
  args: dockerBuild.ImageArgs,
  shouldStage: boolean,
): dockerBuild.ImageArgs {
  if (isMocked()) {
    return args;
  }
  // A program of the Automation API that is a function: docker-build runs in another folder, and only Pulumi knows which. In
  // the project's place the SDK has a word (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/state.ts).
  const isInline = !path.isAbsolute(pulumi.runtime.getRootDirectory());
  const pins = pinGitContexts(component, name, plainLocations(args.context));
  const given = { context: args.context, dockerfile: args.dockerfile };
  const prepared = pulumi.all([given, pins]).apply(async ([{ context, dockerfile }, commits]) => {
    const pin = (location: string) => commits[location] ?? pinKnown(component, location);
    const pinned = await mapLocations(followDockerfile({ context, dockerfile }), pin);
    const known = shouldStage ? await stage(component, pinned) : pinned;
    return isInline ? withoutFolder(known) : known;
  });
  // Without one, the Dockerfile is where the context is.
  const ofDockerfile = args.dockerfile === undefined ? args.context : args.dockerfile;
  return {
    ...args,
    context: asSecretAs(args.context, prepared, ({ context }) => context),
    dockerfile: asSecretAs(ofDockerfile, prepared, ({ dockerfile }) => dockerfile),
  };
}

/**
 * A part of what several arguments make, which is as secret as its own. Nothing stays nothing: a secret without a value is
 * no message that the engine takes (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/rpc.ts).
 */
function asSecretAs<Whole, Part>(
  own: unknown,
  whole: pulumi.Output<Whole>,
  partOf: (whole: Whole) => Part | undefined,
): pulumi.Output<Part> {
  const isSecret = pulumi.isSecret(pulumi.output(own));
  const part = pulumi.unsecret(whole).apply(async (known): Promise<unknown> => {
    const value = partOf(known);
    return value !== undefined && (await isSecret) ? pulumi.secret(value) : value;
  });
  return part as pulumi.Output<Part>;
}

/** The locations that are known at once, as they are in nearly all programs. */
function plainLocations(context: dockerBuild.ImageArgs["context"]): unknown[] {
  const { location, named } = (context ?? {}) as { location?: unknown; named?: Record<string, { location?: unknown }> };
  const isPlain = named !== undefined && !pulumi.Output.isInstance(named);
  return [location, ...(isPlain ? Object.values(named).map((each) => each?.location) : [])];
}

async function stage(component: pulumi.Resource, known: KnownContext): Promise<KnownContext> {
  try {
    const staged = stageAll(known, pulumi.getProject(), (folder, each) => tellCost(component, folder, each));
    // It may be another update's turn: see stage.ts.
    return await reportWhile("copying the build context, one update after the other", staged, (message) => {
      void say("info", message, component, true);
    });
  } catch (error) {
    const { message } = error as Error;
    const text = error instanceof BuildError ? message : `the build context can't be read: ${message}`;
    throw new PlainResourceError(text, component);
  }
}

function tellCost(component: pulumi.Resource, folder: string, staged: StagedContext): void {
  const { milliseconds, copiedBytes } = staged.cost;
  if (milliseconds > reportedMilliseconds || copiedBytes > reportedBytes) {
    void say("info", describeCost(folder, staged), component);
  }
}

/** What a staged copy has cost, in words. */
export function describeCost(folder: string, { location, cost }: StagedContext): string {
  const { files, read, linked, copied, copiedBytes, milliseconds } = cost;
  const megabytes = (copiedBytes / (1 << 20)).toFixed(1);
  const seconds = (milliseconds / 1000).toFixed(1);
  return (
    `context ${folder}: ${files} files, ${read} of them read, in ${seconds} s; for the copy in ${location}, ` +
    `${linked} were linked and ${copied} (${megabytes} MB) copied. A .dockerignore makes it less (docs/digests.md).`
  );
}
