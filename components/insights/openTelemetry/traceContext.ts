import * as crypto from "node:crypto";

/** The trace that all spans of an update are in. */
export interface TraceContext {
  traceId: string;
  /** The span that the update is part of. */
  parentSpanId?: string;
  traceState?: string;
  /** Whether whoever began the trace keeps it. */
  isSampled: boolean;
  /** Makes ids of spans those of this update alone. */
  seed: string;
}

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** As a CI or another program passes it on: https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceContextOf({ TRACEPARENT, TRACESTATE }: NodeJS.ProcessEnv): TraceContext {
  const [, traceId, parentSpanId, flags] = pattern.exec(TRACEPARENT?.trim() ?? "") ?? [];
  const seed = crypto.randomBytes(16).toString("hex");
  if (traceId === undefined) {
    return { traceId: crypto.randomBytes(16).toString("hex"), isSampled: true, seed };
  }
  const state = TRACESTATE ? { traceState: TRACESTATE } : {};
  return { traceId, parentSpanId, ...state, isSampled: (parseInt(flags, 16) & 1) === 1, seed };
}

/** The same part of the same image has one id, however often its report is made. */
export function spanIdOf({ seed }: TraceContext, ...parts: (string | number)[]): string {
  return crypto
    .createHash("sha256")
    .update(JSON.stringify([seed, ...parts]))
    .digest("hex")
    .slice(0, 16);
}
