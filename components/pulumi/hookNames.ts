import { AsyncResource } from "node:async_hooks";

import * as pulumi from "@pulumi/pulumi";

import { ofRun } from "./run";

const taken = new WeakMap<object, Map<string, number>>();

/**
 * A name of a hook that no other has in this program, and the same one in each run: Pulumi knows hooks by name, and resources
 * with different parents may have the same name.
 */
function hookName(image: string, purpose: string): string {
  const counts = ofRun(taken, () => new Map<string, number>());
  const name = `multi-platform-image_${image}_${purpose}`;
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name}_${count}`;
}

/**
 * A hook of a resource. It runs in the context in which it is made: in a process that makes components for a program in
 * another language, the SDK knows by it which engine's run it is in, and whether that is a preview.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/state.ts
 */
export function resourceHook(
  image: string,
  purpose: string,
  callback: pulumi.ResourceHookFunction,
  options?: pulumi.ResourceHookOptions,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(hookName(image, purpose), AsyncResource.bind(callback), options);
}

/** As {@link resourceHook}, for what failed. */
export function errorHook(image: string, purpose: string, callback: pulumi.ErrorHookFunction): pulumi.ErrorHook {
  return new pulumi.ErrorHook(hookName(image, purpose), AsyncResource.bind(callback));
}
