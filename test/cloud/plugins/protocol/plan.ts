import type { Attribute, Attributes } from "./resource";
import { isEmpty, isProperties, isSame, isUnknown, type Properties, unknown } from "./values";

export interface Difference {
  kind: "add" | "update" | "delete";
  replaces: boolean;
}

/** What a step would do, before it is done. */
export interface Plan {
  /** What there is; undefined before the resource is made. */
  state?: Properties;
  /** What there will be, with unknowns. */
  planned: Properties;
  differences: Map<string, Difference>;
}

const isArgument = (attribute: Attribute): boolean => attribute.kind !== "computed";
const isComputed = (attribute: Attribute): boolean => attribute.kind.endsWith("computed");

/** What Terraform does with state and arguments: arguments win, then defaults, then what the cloud says. */
export function plan(attributes: Attributes, state: Properties | undefined, inputs: Properties): Plan {
  const planned = propose(attributes, state, inputs);
  return { state, planned, differences: new Map(state ? compare(attributes, state, planned) : []) };
}

function propose(attributes: Attributes, state: Properties | undefined, inputs: Properties): Properties {
  const planned: Properties = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    const given = isArgument(attribute) ? (inputs[name] ?? attribute.default) : undefined;
    const known = state?.[name];
    if (attribute.block && isProperties(given)) {
      planned[name] = propose(attribute.block, isProperties(known) ? known : undefined, given);
    } else {
      planned[name] = given ?? (isComputed(attribute) ? (state ? known : unknown) : undefined);
    }
  }
  return planned;
}

function* compare(
  attributes: Attributes,
  state: Properties,
  planned: Properties,
  prefix = "",
): Generator<[string, Difference]> {
  for (const [name, attribute] of Object.entries(attributes)) {
    const [old, next] = [state[name], planned[name]];
    if (attribute.block && isProperties(old) && isProperties(next)) {
      yield* compare(attribute.block, old, next, `${prefix}${name}.`);
    } else if (isChanged(attribute, old, next)) {
      const kind = isEmpty(old) ? "add" : isEmpty(next) ? "delete" : "update";
      yield [prefix + name, { kind, replaces: attribute.replaces === true }];
    }
  }
}

function isChanged(attribute: Attribute, old: unknown, next: unknown): boolean {
  if (isUnknown(next)) return !isUnknown(old);
  return !(isEmpty(old) && isEmpty(next)) && !(attribute.isSame ?? isSame)(old, next);
}

/** Outputs of before, overlaid with what was read now. What means the same keeps the program's spelling. */
export function overlay(attributes: Attributes, before: Properties, read: Properties): Properties {
  const merged: Properties = { ...before };
  for (const [name, value] of Object.entries(read)) {
    if (!attributes[name]?.isSame?.(before[name], value)) merged[name] = value;
  }
  return merged;
}

/**
 * The arguments after a refresh: those that the program gave, with the values that the cloud has now.
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go extractInputs
 */
export function refreshedInputs(inputs: Properties, outputs: Properties): Properties {
  const refreshed: Properties = {};
  for (const [name, value] of Object.entries(inputs)) {
    const now = outputs[name];
    if (name === defaultsKey) refreshed[name] = value;
    else if (isProperties(value) && isProperties(now)) refreshed[name] = refreshedInputs(value, now);
    else if (now !== undefined) refreshed[name] = now;
  }
  if (Array.isArray(refreshed[defaultsKey])) {
    refreshed[defaultsKey] = refreshed[defaultsKey].filter((name: string) => isSame(inputs[name], refreshed[name]));
  }
  return refreshed;
}

/** Lists the arguments that the provider chose itself. */
export const defaultsKey = "__defaults";
