import * as pulumi from "@pulumi/pulumi";

import { facts, schema } from "./package";
import type { ObjectSpec, TypeSpec } from "./schema/spec";
import { settling } from "./settling";

/** Where a value is among the arguments: what errors begin with, and how it is named there. */
interface Place {
  owner: string;
  path: string;
}

/** Of an input whose value was waited for: its parts stay as secret as it is, and keep what it depends on. */
type Origin = pulumi.Output<unknown> | undefined;

/**
 * Arguments in which all that decides what is declared is known: in TypeScript such an argument can't be an input, in other
 * languages each argument can. What is an input in TypeScript stays one.
 * @throws pulumi.InputPropertyError where a value is known only after something is made, and for an argument of another kind.
 */
export async function withKnown(owner: string, type: string, inputs: pulumi.Inputs): Promise<pulumi.Inputs> {
  const spec = { properties: schema.resources[`multi-platform-image:index:${type}`].inputProperties };
  return knownProperties({ owner, path: "" }, type, spec, inputs, undefined);
}

async function knownProperties(
  place: Place,
  type: string,
  spec: Pick<ObjectSpec, "properties">,
  value: pulumi.Inputs,
  origin: Origin,
): Promise<pulumi.Inputs> {
  const plain = facts.plain[type] ?? [];
  const known: pulumi.Inputs = {};
  for (const [name, given] of Object.entries(value)) {
    const path = place.path === "" ? name : `${place.path}.${name}`;
    known[name] = await knownValue({ ...place, path }, spec.properties[name] ?? {}, given, origin, {
      name,
      plain,
    });
  }
  checkKind(place, type, known);
  return known;
}

async function knownValue(
  place: Place,
  spec: TypeSpec,
  given: unknown,
  origin: Origin,
  { name, plain }: { name: string; plain: readonly string[] },
): Promise<unknown> {
  if (!plain.includes(name)) {
    return origin ? origin.apply(() => given) : given;
  }
  const { value, output } = pulumi.Output.isInstance(given)
    ? { value: await valueOf(place, given), output: pulumi.output(given) as Origin }
    : { value: given, output: origin };
  if (value === undefined || value === null || pulumi.Resource.isInstance(value)) {
    return value ?? undefined;
  }
  const inner = { name: `${name}[]`, plain };
  if (Array.isArray(value)) {
    const items = value.map((each, at) =>
      knownValue({ ...place, path: `${place.path}[${at}]` }, spec.items ?? {}, each, output, inner),
    );
    return Promise.all(items);
  }
  if (spec.additionalProperties) {
    const { additionalProperties } = spec;
    const entries = Object.entries(value).map(async ([key, each]: [string, unknown]) => {
      const at = { ...place, path: `${place.path}["${key}"]` };
      return [key, await knownValue(at, additionalProperties, each, output, inner)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }
  const object = spec.$ref && (schema.types[spec.$ref.replace("#/types/", "")] as ObjectSpec | undefined);
  return object && object.type === "object" ? knownProperties(place, typeName(spec), object, value, output) : value;
}

const typeName = ({ $ref = "" }: TypeSpec) => $ref.slice($ref.lastIndexOf(":") + 1);

async function valueOf({ owner, path }: Place, output: pulumi.Output<unknown>): Promise<unknown> {
  if (!(await settling(output).isKnown)) {
    const reason =
      "it decides what is made, and its value is known only after something else is made; give it as a plain value, for instance from the stack's configuration";
    throw new pulumi.InputPropertyError({
      propertyPath: path,
      reason: `${owner}: \`${path}\` is an output: ${reason}`,
    });
  }
  return settling(output).promise();
}

/** TypeScript's compiler refuses an argument of another kind of node; here it would be passed over in silence. */
function checkKind({ owner, path }: Place, type: string, known: pulumi.Inputs): void {
  const union = facts.unions[type];
  if (!union) {
    return;
  }
  const kind = known[union.by] as string;
  for (const name of Object.keys(known)) {
    const kinds = union.argumentsOf[name];
    if (kinds && known[name] !== undefined && !kinds.includes(kind)) {
      const own = kinds.map((each) => `"${each}"`).join(" or ");
      const reason = `it is for \`${union.by}\` ${own}, and this one is "${kind}"; leave it out`;
      throw new pulumi.InputPropertyError({
        propertyPath: `${path}.${name}`,
        reason: `${owner}: \`${path}.${name}\`: ${reason}`,
      });
    }
  }
}
