import { randomBytes } from "node:crypto";

import { defaultsKey } from "./plan";
import type { Attributes, ResourceType } from "./resource";
import { isProperties, isUnknown, type Properties } from "./values";

export interface Checked {
  inputs: Properties;
  /** By argument. */
  failures: Record<string, string>;
}

/** Fills in defaults and names, and finds what the stand-in or the real provider would not take. */
export function check(type: ResourceType<never>, name: string, news: Properties, olds: Properties): Checked {
  const given = Object.fromEntries(
    Object.entries(news).filter(([key, value]) => key !== defaultsKey && value !== null),
  );
  const failures = { ...unsupported(type.attributes, given), ...missing(type.attributes, given) };
  const inputs = { ...given };
  for (const [key, attribute] of Object.entries(type.attributes)) {
    inputs[key] ??= attribute.default;
  }
  if (type.autoName) inputs.name ??= isAutoNamed(olds) ? olds.name : autoName(name, type.autoName);
  const defaults = Object.keys(inputs).filter((key) => inputs[key] !== undefined && given[key] === undefined);
  Object.assign(
    failures,
    type.check?.(Object.fromEntries(Object.entries(inputs).filter(([, value]) => !isUnknown(value)))),
  );
  return { inputs: { ...inputs, [defaultsKey]: defaults.sort() }, failures };
}

/** An argument that the stand-in ignored would make a test pass that fails on AWS. */
function unsupported(attributes: Attributes, given: Properties, prefix = ""): Record<string, string> {
  const failures: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const attribute = attributes[name];
    if (!attribute || attribute.kind === "computed") {
      failures[prefix + name] = `stand-in: input ${prefix}${name} is not implemented`;
    } else if (attribute.block && isProperties(value)) {
      Object.assign(failures, unsupported(attribute.block, value, `${prefix}${name}.`));
    } else if (attribute.blocks && Array.isArray(value)) {
      for (const [index, each] of value.entries()) {
        if (isProperties(each)) {
          Object.assign(failures, unsupported(attribute.blocks, each, `${prefix}${name}[${index}].`));
        }
      }
    }
  }
  return failures;
}

function missing(attributes: Attributes, given: Properties): Record<string, string> {
  const names = Object.keys(attributes).filter((name) => attributes[name]?.kind === "required");
  const lacking = names.filter((name) => given[name] === undefined && attributes[name]?.default === undefined);
  return Object.fromEntries(lacking.map((name) => [name, `Missing required argument: "${name}" is required.`]));
}

const isAutoNamed = (inputs: Properties): boolean =>
  Array.isArray(inputs[defaultsKey]) && inputs[defaultsKey].includes("name");

function autoName(name: string, { maxLength, isLowerCase }: { maxLength: number; isLowerCase?: boolean }): string {
  const stem = isLowerCase ? name.toLowerCase() : name;
  return `${stem.slice(0, maxLength - 8)}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}

/**
 * A name that the program chose can't be used twice: then the old resource goes first.
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go nameRequiresDeleteBeforeReplace
 */
export const requiresDeleteBeforeReplace = (type: ResourceType<never>, news: Properties): boolean =>
  type.autoName !== undefined && !isAutoNamed(news);
