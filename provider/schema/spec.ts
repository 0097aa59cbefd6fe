/** The parts of a Pulumi package's schema that this package has: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export interface TypeSpec {
  type?: "string" | "integer" | "boolean" | "array" | "object";
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
}

export interface PropertySpec extends TypeSpec {
  description?: string;
  secret?: boolean;
}

export interface ObjectSpec {
  description?: string;
  type: "object";
  properties: Record<string, PropertySpec>;
  required?: string[];
}

export interface EnumSpec {
  description?: string;
  type: "string";
  enum: { name: string; value: string }[];
}

export interface ResourceSpec extends ObjectSpec {
  isComponent: true;
  inputProperties: Record<string, PropertySpec>;
  requiredInputs?: string[];
}

export interface PackageSpec {
  name: string;
  displayName: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
  language: Record<string, unknown>;
  types: Record<string, ObjectSpec | EnumSpec>;
  resources: Record<string, ResourceSpec>;
}

/**
 * What of the arguments' types no schema can say, by the name of a type or resource: which arguments are no inputs, and to which
 * kinds the arguments of a flattened union belong.
 */
export interface ArgumentFacts {
  /** Arguments that decide what is declared, and so have to be known when it is. */
  plain: Record<string, string[]>;
  /** Of a union by one argument: its name, and for each other argument the values that it goes with. */
  unions: Record<string, { by: string; argumentsOf: Record<string, string[]> }>;
}

export const packageName = "multi-platform-image";

export const token = (name: string) => `${packageName}:index:${name}`;
