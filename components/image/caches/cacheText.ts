/** A cache as a text of buildx's command line, read. */
export interface CacheText {
  type: string;
  /** In their order, names in small letters. */
  attributes: [name: string, value: string][];
}

/**
 * The caches of a `raw` text as buildx reads it: fields of one line of CSV, names in any case; without any `=`, each field is a
 * location in a registry. Or a sentence on what is wrong with it.
 *
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/buildflags/cache.go (`ParseCacheEntry`)
 */
export function parseCacheTexts(raw: string): CacheText[] | { problem: string } {
  const fields = csvFields(raw);
  if (!fields) {
    return {
      problem: "it is no line of comma-separated values: a quote stands in the middle of a field, or has no end",
    };
  }
  if (!raw.includes("=")) {
    return fields.map((ref) => ({ type: "registry", attributes: [["ref", ref]] }));
  }
  const bare = fields.find((field) => !field.includes("="));
  if (bare !== undefined) {
    return { problem: `${JSON.stringify(bare)} is no NAME=VALUE` };
  }
  const pairs = fields.map((field): [string, string] => {
    const at = field.indexOf("=");
    return [field.slice(0, at).toLowerCase(), field.slice(at + 1)];
  });
  // Of a name that is there twice, the last one counts.
  const type = pairs.findLast(([name]) => name === "type")?.[1];
  const attributes = [...new Map(pairs.filter(([name]) => name !== "type"))];
  return type ? [{ type, attributes }] : { problem: "it has no `type`" };
}

/** The text that buildx reads as these. */
export function formatCacheText({ type, attributes }: CacheText): string {
  const fields: [string, string][] = [["type", type], ...attributes];
  return fields.map(([name, value]) => csvField(`${name}=${value}`)).join(",");
}

/** A field of comma-separated values: https://www.rfc-editor.org/rfc/rfc4180 */
function csvField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

const fieldPattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/**
 * The fields of one line, or nothing where it is none.
 * @see https://github.com/tonistiigi/go-csvvalue/blob/v0.1.0/csvvalue.go
 */
function csvFields(given: string): string[] | undefined {
  const line = given.replace(/\r?\n$/, "");
  const fields: string[] = [];
  for (fieldPattern.lastIndex = 0; ;) {
    const match = fieldPattern.exec(line);
    if (!match || line === "") {
      return undefined;
    }
    const [, quoted, plain, end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "") {
      return fields;
    }
  }
}
