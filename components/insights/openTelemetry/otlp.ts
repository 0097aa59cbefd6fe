/** A trace as OTLP has it in JSON: ids in hexadecimal, times in nanoseconds, kinds and states as numbers. */
export interface OtlpTrace {
  resourceSpans: [
    { resource: { attributes: OtlpAttribute[] }; scopeSpans: [{ scope: { name: string }; spans: OtlpSpan[] }] },
  ];
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto */
export interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  status?: { code: number; message?: string };
}

export interface OtlpAttribute {
  key: string;
  value: { stringValue: string } | { intValue: string } | { doubleValue: number };
}

/** What is not known is left out. */
export function attributesOf(values: Readonly<Record<string, string | number | undefined>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : { key, value: valueOf(value) }));
}

function valueOf(value: string | number): OtlpAttribute["value"] {
  if (typeof value === "string") {
    return { stringValue: value };
  }
  return Number.isInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
}

/** All spans of an update. */
export function traceOf(spans: OtlpSpan[], environment: NodeJS.ProcessEnv): OtlpTrace {
  const name = environment.OTEL_SERVICE_NAME;
  const given = { "service.name": "multi-platform-image", ...listed(environment.OTEL_RESOURCE_ATTRIBUTES) };
  const attributes = attributesOf({ ...given, ...(name && { "service.name": name }) });
  return {
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: "multi-platform-image" }, spans }] }],
  };
}

/**
 * `name=value,name=value`, as variables of OpenTelemetry have headers and attributes; what is no pair is left out.
 * @see https://www.w3.org/TR/baggage/
 */
export function listed(text = ""): Record<string, string> {
  const whole = text.split(",").filter((each) => each.includes("="));
  const pairs = whole.map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]);
  return Object.fromEntries(
    pairs.flatMap(([name, value]) => (name.trim() === "" ? [] : [[name.trim(), decoded(value.trim())] as const])),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
