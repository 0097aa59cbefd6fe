import { AsyncResource } from "node:async_hooks";
import { createHash } from "node:crypto";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { ofRun } from "./run";

const taken = new WeakMap<object, Map<string, number>>();

/** Which copy of this package it is: a program and its plugins may each bring one, and the engine has one table of names for all. */
const copy = createHash("sha256").update(path.relative(process.cwd(), __filename)).digest("hex").slice(0, 6);

/**
 * A name of a hook that no other has in this update, and the same one in each: Pulumi knows hooks by name, refuses a second one of
 * that name, and resources with different parents may have the same name.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/pkg/resource/deploy/resource_hooks.go
 */
function hookName(image: string, purpose: string): string {
  const counts = ofRun(taken, () => new Map<string, number>());
  const name = `multi-platform-image_${copy}_${image}_${purpose}`;
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
