import { AsyncResource } from "node:async_hooks";

import * as pulumi from "@pulumi/pulumi";

import { errorHook, resourceHook } from "./hookNames";
import { ofRun } from "./run";
import { resolved } from "./resolved";

/** What is done before and after the step of one resource, and when it fails. */
export interface StepHooks {
  prepare: pulumi.ResourceHookFunction;
  conclude: pulumi.ResourceHookFunction;
  onError: pulumi.ErrorHookFunction;
}

interface Entry {
  parent: pulumi.Resource;
  name: string;
  hooks: StepHooks;
}

/** Hooks by their resources. Its URN a resource has only after its hooks; its parent has one before. */
export class HooksByResource {
  private readonly byName = new Map<string, Entry[]>();

  /** @param name of a resource below the parent. Of one type alone: the table is one for each. */
  add(parent: pulumi.Resource, name: string, hooks: StepHooks): void {
    this.byName.set(name, [...(this.byName.get(name) ?? []), { parent, name, hooks }]);
  }

  async of({ urn, name, type }: Pick<pulumi.ResourceHookArgs, "urn" | "name" | "type">): Promise<StepHooks> {
    const entries = this.byName.get(name) ?? [];
    // Parents of others may wait for long, or fail.
    const looks = entries.map(async ({ parent, hooks }) => {
      if (urn !== childUrn(await resolved(parent.urn), type, name)) {
        throw new Error("another's");
      }
      return hooks;
    });
    return Promise.any(looks).catch(() => {
      throw new Error(`no hooks are known of ${urn}`);
    });
  }
}

/**
 * Of a URN the first four parts have no "::" in them; the name may.
 * @see https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
 */
function childUrn(parent: string, type: string, name: string): string {
  const [stack, project, types] = parent.split("::");
  return `${stack}::${project}::${types}$${type}::${name}`;
}

interface Shared {
  table: HooksByResource;
  binding: pulumi.ResourceHookBinding;
}

const runs = new WeakMap<object, Shared>();

/**
 * The hooks of a resource, as options of it. This registers three for the whole program, and not three for each image: every one is a
 * call to the engine in each update, also without a change.
 *
 * They run in the context in which they are given: in a process that makes components for a program in another language, the SDK
 * knows by it which engine's run it is in, and whether that is a preview.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/state.ts
 */
export function sharedHooks(parent: pulumi.Resource, name: string, hooks: StepHooks): pulumi.ResourceHookBinding {
  const { table, binding } = ofRun(runs, () => registerHooks(name));
  table.add(parent, name, {
    prepare: AsyncResource.bind(hooks.prepare),
    conclude: AsyncResource.bind(hooks.conclude),
    onError: AsyncResource.bind(hooks.onError),
  });
  return binding;
}

/** @param first which image's, for names that no other program of the update has */
function registerHooks(first: string): Shared {
  const table = new HooksByResource();
  const before = [
    resourceHook(first, "prepare", async (args) => (await table.of(args)).prepare(args), { onDryRun: true }),
  ];
  const after = [resourceHook(first, "conclude", async (args) => (await table.of(args)).conclude(args))];
  const onError = [errorHook(first, "onError", async (args) => (await table.of(args)).onError(args))];
  const binding = { beforeCreate: before, beforeUpdate: before, afterCreate: after, afterUpdate: after, onError };
  return { table, binding };
}
