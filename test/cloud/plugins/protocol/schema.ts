import type { Provider } from "./resource";

const any = { $ref: "pulumi.json#/Any" };

/** Names that a function takes and answers, where a program in YAML, which reads them in the schema, calls it. */
export type FunctionNames = Record<string, { inputs: readonly string[]; outputs: readonly string[] }>;

/**
 * What a language host that resolves names by a schema needs of a provider: names, and no types. The real schema has both; what
 * a value may be, is checked here where it is used.
 * @see https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
 */
export function schemaOf<Client>({ name, version, resources, functions = {} }: Provider<Client>): string {
  const properties = (names: readonly string[]) => Object.fromEntries(names.map((each) => [each, any]));
  const ofResources = Object.entries(resources).map(([type, { attributes }]): [string, object] => {
    const inputs = Object.keys(attributes).filter((each) => attributes[each].kind !== "computed");
    return [type, { properties: properties(Object.keys(attributes)), inputProperties: properties(inputs) }];
  });
  const ofFunctions = Object.entries(functions).map(([token, { inputs, outputs }]): [string, object] => [
    token,
    { inputs: { properties: properties(inputs) }, outputs: { properties: properties(outputs) } },
  ]);
  return JSON.stringify({
    name,
    version,
    // As in `aws:ecr/repository:Repository`, which programs call `aws:ecr:Repository`.
    meta: { moduleFormat: "(.*)(?:/[^/]*)" },
    resources: Object.fromEntries(ofResources),
    functions: Object.fromEntries(ofFunctions),
  });
}
