import { digestOf } from "./bundle";
import { jsonMaskOf } from "./maskJson";
import { maskLog } from "./maskLog";
import { maskDetail, maskStatus } from "./maskStatus";
import { type Mask, masked } from "./maskText";
import { descriptorsOf, type BuildHistoryRecord, type ExportedBuild } from "./readExport";

/** The same build without values of arguments, secrets and logins. What has changed has a new digest wherever it is named. */
export function maskExport({ record, blobs, ...build }: ExportedBuild, values: Mask): ExportedBuild {
  const json = jsonMaskOf(values);
  const without = new Map<string, Buffer>();
  const digests = new Map<string, string>();
  const maskBlob = (bytes: Buffer, digest: string, type: string): Buffer => {
    switch (digest) {
      case record.logs?.digest:
        return maskLog(bytes, values);
      case record.externalError?.digest:
        return maskStatus(bytes, values);
      default:
        return masked(bytes, /\bjson\b/.test(type) ? json : values);
    }
  };
  for (const { digest, media_type: type } of descriptorsOf(record)) {
    const bytes = maskBlob(blobs.get(digest) ?? Buffer.alloc(0), digest, type);
    digests.set(digest, digestOf(bytes));
    without.set(digestOf(bytes), bytes);
  }
  const { error } = record;
  const details = error?.details.map((each) => ({ ...each, value: maskDetail(each.value, values).toString("base64") }));
  const known = {
    ...record,
    ...(error && { error: { ...error, details: [] } }),
    FrontendAttrs: withoutCacheKeys(record.FrontendAttrs),
  };
  const text = masked(Buffer.from(JSON.stringify(known)), json).toString();
  const named = [...digests].reduce((each, [old, now]) => each.replaceAll(old, now), text);
  const own = JSON.parse(named) as BuildHistoryRecord;
  const whole = { ...own, ...(own.error && { error: { ...own.error, details } }) } as BuildHistoryRecord;
  return { ...build, record: whole, blobs: without };
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
