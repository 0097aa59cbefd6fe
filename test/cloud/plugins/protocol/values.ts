import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** What Pulumi calls a property map, as plain values. */
export type Properties = Record<string, unknown>;

/** Stands for a value that only an update tells. https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/rpc.ts */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export const secret = (value: unknown): Properties => ({ [signatureKey]: secretSignature, value });

/** The same value without any mark that it is secret. */
export function reveal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reveal);
  if (!isProperties(value)) return value;
  return value[signatureKey] === secretSignature ? reveal(value.value) : mapProperties(value, reveal);
}

export const isProperties = (value: unknown): value is Properties =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const mapProperties = (properties: Properties, change: (value: unknown, name: string) => unknown): Properties =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, change(value, name)]));

/** A scalar as text. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;

/** Whether any part of a value is unknown. */
export function isUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isUnknown);
  return isProperties(value) ? Object.values(value).some(isUnknown) : value === unknown;
}

/** Terraform's zero values: what an argument that is left out and the answer "none" have in common. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isProperties(value) && Object.values(value).every(isEmpty);
}

export function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, index) => isSame(each, other[index]));
  }
  if (isProperties(one) && isProperties(other)) {
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((key) => isSame(one[key], other[key]));
  }
  return one === other || (one ?? undefined) === (other ?? undefined);
}

/** The order of a set is not its content. */
export const isSameSet = (one: unknown, other: unknown): boolean =>
  Array.isArray(one) && Array.isArray(other)
    ? isSame((one as unknown[]).toSorted(), (other as unknown[]).toSorted())
    : isSame(one, other);

export const isSameJson = (one: unknown, other: unknown): boolean => {
  try {
    return isSame(JSON.parse(String(one)), JSON.parse(String(other)));
  } catch {
    return one === other;
  }
};

export const fromStruct = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};

export const toStruct = (properties: Properties): Struct =>
  Struct.fromJavaScript(withoutUndefined(properties) as Parameters<typeof Struct.fromJavaScript>[0]);

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isProperties(value)) return value;
  const given = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(given.map(([name, each]) => [name, withoutUndefined(each)]));
}
