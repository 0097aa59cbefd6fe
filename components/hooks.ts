import * as pulumi from "@pulumi/pulumi";

import type { Progress } from "./build/node";
import type { Attempt, BuildSession } from "./build/session";
import type { Builder } from "./builder";
import type { Platform } from "./platforms";
import { resolved } from "./resolved";

/** What the hooks of one image know of its build. */
export interface ImageBuild {
  readonly platforms: readonly Platform[];
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
  if (!canRegisterHooks()) {
    return undefined;
  }
  const progress: Progress = (message, isPassing) => {
    void pulumi.log.info(message, component, undefined, isPassing);
  };
  const session = async () => builder.session(await resolved(component.urn));
  const before = async () => {
    build.attempt = await (await session()).prepare(build.platforms, progress);
  };
  const after = async () => {
    build.wasPushedNow = true;
    await finish(session, build, false);
  };
  const onError = async ({ errors }: pulumi.ErrorHookArgs) => {
    let isToBuildAgain = false;
    try {
      isToBuildAgain = await recover(component, session, build, errors[0] ?? "", progress);
    } catch (error) {
      await pulumi.log.error((error as Error).message, component);
    }
    if (!isToBuildAgain) {
      // After-hooks don't run when a build fails.
      await finish(session, build, true);
    }
    return isToBuildAgain;
  };
  return {
    beforeCreate: [before],
    beforeUpdate: [before],
    afterCreate: [after],
    afterUpdate: [after],
    onError: [new pulumi.ErrorHook(`multi-platform-image_${name}_onError`, onError)],
  };
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
    await pulumi.log.error(explanation, component);
  }
  return session.recover(build.attempt, error, progress);
}

async function finish(openSession: () => Promise<BuildSession>, build: ImageBuild, hasFailed: boolean): Promise<void> {
  if (build.attempt) {
    await (await openSession()).finish(build.attempt, hasFailed);
  }
}

/** In unit tests with mocks nothing is built, and the SDK's mock of the engine takes no hooks. */
function canRegisterHooks(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { registerResourceHook?: unknown } | undefined;
  return typeof monitor?.registerResourceHook === "function";
}
