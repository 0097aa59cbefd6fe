import type { BuildHistoryRecord } from "./readExport";

/** Whose values are what they are: also an empty one is one. */
const maps = ["FrontendAttrs", "ExporterResponse", "Attrs", "annotations"];
const longs = ["size", "seconds"];

/** A record as Go writes it in JSON: what is empty is left out, and each number is one. */
export function recordJson(record: BuildHistoryRecord): object {
  return written(record, "") as object;
}

function written(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    return value.map((each) => written(each, name));
  }
  if (typeof value !== "object" || value === null) {
    return longs.includes(name) ? Number(value) : value;
  }
  return maps.includes(name)
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .map(([key, each]) => [key, written(each, key)] as const)
          .filter(([, each]) => !isEmpty(each)),
      );
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}
