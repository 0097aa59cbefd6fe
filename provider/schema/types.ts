import * as ts from "typescript";

import type { ArgumentTypes } from "./program";
import { type ArgumentFacts, type EnumSpec, type ObjectSpec, type PropertySpec, token, type TypeSpec } from "./spec";
import { describe, enumName } from "./texts";
import { kindNames } from "../../components/nodes/kinds";

/** Names of types that TypeScript has none for, by the argument that has them. */
const names: Record<string, string> = {
  kind: "NodeKind",
  lifecycle: "Lifecycle",
  capacityType: "CapacityType",
  addressing: "Addressing",
  from: "IngressFrom",
  archives: "BuildkitArchive",
  driver: "RemoteDriver",
  provenance: "ProvenanceMode",
};

/** Maps whose keys TypeScript knows, and no schema can. */
const mapsOfKnownKeys = ["archives", "platformDigests"];

/** Values that Pulumi keeps encrypted however they are given, as docker-build's own schema has it, and private keys. */
const secrets = ["password", "secretAccessKey", "sessionToken", "secrets", "key"];

interface Member {
  symbol: ts.Symbol;
  isOptional: boolean;
  /** Of a union's: the values of what distinguishes its members. */
  kinds?: string[];
}

/** Turns TypeScript's types into those of a schema, which it collects. */
export class SchemaTypes {
  readonly types: Record<string, ObjectSpec | EnumSpec> = {};
  readonly facts: ArgumentFacts = { plain: {}, unions: {} };

  constructor(private readonly source: ArgumentTypes) {}

  /** The properties of an object type. */
  properties(
    name: string,
    type: ts.Type,
    without: readonly string[] = [],
  ): Pick<ObjectSpec, "properties" | "required"> {
    const members = this.members(name, type).filter(({ symbol }) => !without.includes(symbol.name));
    const plain: string[] = [];
    const properties = members.map(({ symbol, kinds }): [string, PropertySpec] => {
      const declared = this.source.checker.getNonNullableType(this.source.checker.getTypeOfSymbol(symbol));
      const input = inputOf(declared, this.source.checker);
      plain.push(...this.plainParts(declared, symbol.name));
      const ofKinds = kinds && `Of ${kinds.map((kind) => `\`${kind}\``).join(" and ")}.`;
      const description = [describe(symbol, this.source.checker), ofKinds].filter(Boolean).join("\n\n");
      return [
        symbol.name,
        {
          ...this.typeSpec(input ?? declared, symbol.name),
          ...(description && { description }),
          ...(secrets.includes(symbol.name) && { secret: true }),
        },
      ];
    });
    if (plain.length > 0) {
      this.facts.plain[name] = plain.sort();
    }
    const required = members.filter(({ isOptional }) => !isOptional).map(({ symbol }) => symbol.name);
    return { properties: Object.fromEntries(properties), ...(required.length > 0 && { required: required.sort() }) };
  }

  /** `tags` for a list that is no input, and `tags[]` where its values are none either. */
  private plainParts(type: ts.Type, argument: string): string[] {
    const { checker } = this.source;
    if (inputOf(type, checker)) {
      return [];
    }
    const value = checker.isArrayType(type)
      ? checker.getTypeArguments(type as ts.TypeReference)[0]
      : this.valueOfMap(type, argument);
    return [argument, ...(value ? this.plainParts(checker.getNonNullableType(value), `${argument}[]`) : [])];
  }

  private members(name: string, type: ts.Type): Member[] {
    const { checker } = this.source;
    const toMember = (symbol: ts.Symbol): Member => ({
      symbol,
      isOptional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
    });
    if (!type.isUnion()) {
      return checker.getPropertiesOfType(type).map(toMember);
    }
    // Languages without unions get one type with the arguments of all.
    const by = names.kind && checker.getPropertyOfType(type.types[0], "kind") ? "kind" : "from";
    const all = new Map<string, Member & { kinds: string[] }>();
    for (const each of type.types) {
      const tag = checker.getTypeOfSymbol(checker.getPropertyOfType(each, by) as ts.Symbol) as ts.StringLiteralType;
      for (const symbol of checker.getPropertiesOfType(each)) {
        const known = all.get(symbol.name) ?? { ...toMember(symbol), kinds: [] };
        known.kinds.push(tag.value);
        all.set(symbol.name, known);
      }
    }
    const ofSome = [...all.values()].filter(({ kinds }) => kinds.length < type.types.length);
    this.facts.unions[name] = {
      by,
      argumentsOf: Object.fromEntries(ofSome.map(({ symbol, kinds }) => [symbol.name, kinds])),
    };
    return [...all.values()].map(({ symbol, isOptional, kinds }) =>
      kinds.length < type.types.length ? { symbol, isOptional: true, kinds } : { symbol, isOptional },
    );
  }

  private typeSpec(given: ts.Type, argument: string): TypeSpec {
    const { checker } = this.source;
    const type = checker.getNonNullableType(inputOf(given, checker) ?? given);
    if (argument === "kind" || argument === "from") {
      return this.enumSpec(names[argument], this.tagsOf(argument));
    }
    if (type.flags & ts.TypeFlags.BooleanLike) {
      return { type: "boolean" };
    }
    if (type.flags & ts.TypeFlags.NumberLike) {
      // All of them are whole numbers.
      return { type: "integer" };
    }
    // Languages without unions have no `false` beside texts: leaving the argument out says the same.
    const literals = (type.isUnion() ? type.types : [type]).filter(({ flags }) => !(flags & ts.TypeFlags.BooleanLike));
    if (literals.every((each) => each.isStringLiteral())) {
      return this.enumSpec(
        nameOf(type, argument),
        literals.map((each) => each.value),
      );
    }
    if (type.flags & ts.TypeFlags.StringLike) {
      return { type: "string" };
    }
    if (checker.isArrayType(type)) {
      return { type: "array", items: this.typeSpec(checker.getTypeArguments(type as ts.TypeReference)[0], argument) };
    }
    const value = this.valueOfMap(type, argument);
    if (value) {
      return { type: "object", additionalProperties: this.typeSpec(value, `${argument}[]`) };
    }
    return this.objectSpec(type, argument.replace("[]", ""));
  }

  private valueOfMap(type: ts.Type, argument: string): ts.Type | undefined {
    const { checker } = this.source;
    const known = mapsOfKnownKeys.includes(argument) ? checker.getPropertiesOfType(type)[0] : undefined;
    return known ? checker.getTypeOfSymbol(known) : checker.getIndexTypeOfType(type, ts.IndexKind.String);
  }

  private tagsOf(argument: string): string[] {
    return argument === "kind" ? kindNames() : ["caller", "cidrs", "vpc"];
  }

  private enumSpec(name: string, values: string[]): TypeSpec {
    this.types[token(name)] = { type: "string", enum: values.map((value) => ({ name: enumName(value), value })) };
    return { $ref: `#/types/${token(name)}` };
  }

  private objectSpec(type: ts.Type, argument: string): TypeSpec {
    const name = nameOf(type, argument);
    if (!this.types[token(name)]) {
      const description = describe(type.aliasSymbol ?? type.symbol, this.source.checker);
      const spec: ObjectSpec = { type: "object", ...(description && { description }), properties: {} };
      this.types[token(name)] = spec;
      Object.assign(spec, this.properties(name, type));
    }
    return { $ref: `#/types/${token(name)}` };
  }
}

/** The type of the value of an input, of `pulumi.Input<T>` T: nothing where a type is none. */
function inputOf(type: ts.Type, checker: ts.TypeChecker): ts.Type | undefined {
  const promises = type.isUnion() ? type.types.filter(({ symbol }) => symbol?.name === "Promise") : [];
  const values = promises.map((each) =>
    checker.getNonNullableType(checker.getTypeArguments(each as ts.TypeReference)[0]),
  );
  // Of one that may be a text in place of an object, the object.
  return values.find(({ flags }) => !(flags & ts.TypeFlags.StringLike)) ?? values[0];
}

function nameOf(type: ts.Type, argument: string): string {
  const own = (type.aliasSymbol ?? type.symbol)?.name;
  const name = own && !own.startsWith("__") ? own.replace(/Args$/, "") : names[argument];
  if (!name) {
    throw new Error(`the type of \`${argument}\` has no name: give it one in provider/schema/types.ts`);
  }
  return name;
}
