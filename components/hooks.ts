import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { checkBaseImages } from "./baseImages/check";
import type { Progress } from "./build/node";
import { platformsOf } from "./build/placement";
import type { Attempt, BuildSession } from "./build/session";
import type { Builder } from "./builder";
import { hookName } from "./hookNames";
import { isMocked } from "./mocks";
import { allPlatforms, isNativeOn, type Platform } from "./platforms";
import { describePreview } from "./preview";
import { attachIfAsked, refuseUnlessRecorded } from "./provenance/hook";
import type { ProvenanceMode } from "./provenance/statement";
import { refuseWithoutIndexLogin } from "./registry/indexLogin";
import { resolved } from "./resolved";
import { type ComparedArgs, whyBuilt } from "./why";

/** What the hooks of one image know of its build. */
export interface ImageBuild {
  readonly platforms: readonly Platform[];
  /** Registries without TLS, as the builder's nodes have them. */
  readonly insecureRegistries?: readonly string[];
  /** What its base images are found by; none where they are not checked. */
  readonly checkedArgs?: dockerBuild.ImageArgs;
  /** How much provenance is attached to what is pushed; none where none is. */
  readonly provenance?: ProvenanceMode;
  /** Set once this `up` has built and pushed. */
  wasPushedNow: boolean;
  attempt?: Attempt;
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
): pulumi.ResourceHookBinding | undefined {
  if (isMocked()) {
    return undefined;
  }
  // No line of the log is ever waited for, here or elsewhere: they form one queue, and one before may wait for the URN of a
  // resource that waits for this hook. Then `up` would hang (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts).
  const progress: Progress = (message, isPassing) => {
    void pulumi.log.info(message, component, undefined, isPassing);
  };
  const session = async () => builder.session(await resolved(component.urn));
  const tell = async ({ oldInputs, newInputs }: pulumi.ResourceHookArgs) => {
    const reason = await reasonOf(oldInputs, newInputs).catch(
      (error: Error) => `for a reason unknown (${error.message})`,
    );
    if (pulumi.runtime.isDryRun()) {
      const text = describePreview(reason, await resolved(component.urn), await builder.previewed(), build.platforms);
      void pulumi.log.info(`image ${name} ${text}`, component);
    } else {
      void pulumi.log.info(`building image ${name}: ${reason}`, component);
    }
  };
  const before = async ({ newInputs }: pulumi.ResourceHookArgs) => {
    await checkLogin(name, build, await session(), newInputs);
    await checkBases(component, name, builder, build, progress);
    refuseUnlessRecorded(name, build, await session());
    build.attempt = await (await session()).prepare(build.platforms, progress);
  };
  const after = async ({ newInputs, newOutputs }: pulumi.ResourceHookArgs) => {
    build.wasPushedNow = true;
    try {
      await attachIfAsked(component, build, await session(), newInputs, newOutputs);
    } finally {
      await finish(session, build, false);
    }
  };
  const onError = async ({ errors }: pulumi.ErrorHookArgs) => {
    let isToBuildAgain = false;
    try {
      isToBuildAgain = await recover(component, session, build, errors[0] ?? "", progress);
    } catch (error) {
      void pulumi.log.error((error as Error).message, component);
    }
    if (!isToBuildAgain) {
      // After-hooks don't run when a build fails.
      await finish(session, build, true);
    }
    return isToBuildAgain;
  };
  // The one hook that a preview runs, too.
  const telling = new pulumi.ResourceHook(hookName(name, "why"), tell, { onDryRun: true });
  return {
    beforeCreate: [telling, before],
    beforeUpdate: [telling, before],
    afterCreate: [after],
    afterUpdate: [after],
    onError: [new pulumi.ErrorHook(hookName(name, "onError"), onError)],
  };
}

/** Why docker-build builds, without values: some are secrets. */
async function reasonOf(before: pulumi.Inputs | undefined, now: pulumi.Inputs = {}): Promise<string> {
  const unknown = Object.keys(now).filter((key) => pulumi.containsUnknowns(now[key]));
  return whyBuilt(before && (await plain(before, [])), await plain(now, unknown), unknown);
}

async function plain(inputs: pulumi.Inputs, without: readonly string[]): Promise<ComparedArgs> {
  const known = Object.entries(inputs).filter(([key]) => !without.includes(key));
  const all: pulumi.Output<ComparedArgs> = pulumi.output(Object.fromEntries(known));
  return resolved(all);
}

/** Before any node is called: a base image without the platform is no reason to wake one. */
async function checkBases(
  component: pulumi.Resource,
  name: string,
  builder: Builder,
  { platforms, checkedArgs }: ImageBuild,
  progress: Progress,
): Promise<void> {
  if (!checkedArgs) {
    return;
  }
  const nodes = await resolved(builder.nodes);
  const { context, dockerfile, buildArgs, target, registries } = checkedArgs;
  const inputs = await resolved(pulumi.output({ context, dockerfile, buildArgs, target, registries }));
  const buildPlatform = (platform: Platform) => {
    const node = nodes.find((each) => platformsOf(each).includes(platform));
    // A node that is not native is this machine's own daemon.
    return node?.native === false ? allPlatforms.find((each) => isNativeOn(each, process.arch)) : node?.platform;
  };
  const owner = `MultiPlatformImage ${name}`;
  const isOnThisMachine = nodes.every(({ kind }) => kind === "local");
  const warn = (message: string) => pulumi.log.warn(message, component);
  await checkBaseImages({ owner, platforms, buildPlatform, isOnThisMachine, ...inputs }, progress, warn);
}

async function checkLogin(
  name: string,
  { platforms }: ImageBuild,
  session: BuildSession,
  inputs: pulumi.Inputs = {},
): Promise<void> {
  const { push, tags, registries } = inputs as Pick<dockerBuild.ImageArgs, "push" | "tags" | "registries">;
  const given = await resolved(pulumi.output({ push, tags, registries }));
  if (given.push && session.nodeCount(platforms) > 1) {
    const { tags = [], registries: logins = [] } = given;
    await refuseWithoutIndexLogin({ owner: `MultiPlatformImage ${name}`, tags, logins });
  }
}

async function recover(
  component: pulumi.Resource,
  openSession: () => Promise<BuildSession>,
  build: ImageBuild,
  error: string,
  progress: Progress,
): Promise<boolean> {
  if (!build.attempt) {
    return false;
  }
  const session = await openSession();
  const explanation = session.explain(build.platforms, error);
  if (explanation) {
    void pulumi.log.error(explanation, component);
  }
  return session.recover(build.attempt, error, progress);
}

async function finish(openSession: () => Promise<BuildSession>, build: ImageBuild, hasFailed: boolean): Promise<void> {
  if (build.attempt) {
    await (await openSession()).finish(build.attempt, hasFailed);
  }
}
