import { digestOf } from "./bundle";
import { type ByteMask, jsonMaskOf } from "./maskBytes";
import { maskLog } from "./maskLog";
import { descriptorsOf, type BuildHistoryRecord, type ExportedBuild } from "./readExport";

/** The same build without values of arguments, secrets and logins. What has changed has a new digest wherever it is named. */
export function maskExport({ record, blobs, ...build }: ExportedBuild, values: ByteMask): ExportedBuild {
  const json = jsonMaskOf(values);
  const masked = new Map<string, Buffer>();
  const digests = new Map<string, string>();
  for (const { digest, media_type: type } of descriptorsOf(record)) {
    const bytes = blobs.get(digest) ?? Buffer.alloc(0);
    const mask =
      digest === record.logs?.digest ? (log: Buffer) => maskLog(log, values) : /\bjson\b/.test(type) ? json : values;
    const without = mask(bytes);
    digests.set(digest, digestOf(without));
    masked.set(digestOf(without), without);
  }
  const known = { ...record, FrontendAttrs: withoutCacheKeys(record.FrontendAttrs) };
  const text = json(Buffer.from(JSON.stringify(known, bytesInBase64))).toString();
  const named = [...digests].reduce((each, [old, now]) => each.replaceAll(old, now), text);
  return { ...build, record: JSON.parse(named) as BuildHistoryRecord, blobs: masked };
}

/** As Go has them in JSON. */
function bytesInBase64(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown };
  return type === "Buffer" && Array.isArray(data) ? Buffer.from(data as number[]).toString("base64") : value;
}

/** A cache's location may have keys: of these buildx leaves what names it. */
function withoutCacheKeys(attributes: Record<string, string>): Record<string, string> {
  const imports = attributes["cache-imports"];
  return imports === undefined ? attributes : { ...attributes, "cache-imports": namesAlone(imports) };
}

function namesAlone(imports: string): string {
  try {
    const all = JSON.parse(imports) as { Type: string; Attrs?: Record<string, string> }[];
    const kept = all.map(({ Type, Attrs }) => ({
      Type,
      Attrs: Object.fromEntries(Object.entries(Attrs ?? {}).filter(([name]) => name === "scope" || name === "ref")),
    }));
    return JSON.stringify(kept);
  } catch {
    return "";
  }
}
