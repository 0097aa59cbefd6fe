import * as crypto from "node:crypto";

/** The trace that all spans of an update are in. */
export interface TraceContext {
  traceId: string;
  /** The span that the update is part of. */
  parentSpanId?: string;
  traceState?: string;
  /** Whether whoever began the trace keeps it. */
  isSampled: boolean;
}

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** As a CI or another program passes it on: https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceContextOf({ TRACEPARENT, TRACESTATE }: NodeJS.ProcessEnv): TraceContext {
  const [, traceId, parentSpanId, flags] = pattern.exec(TRACEPARENT?.trim() ?? "") ?? [];
  if (traceId === undefined) {
    return { traceId: crypto.randomBytes(16).toString("hex"), isSampled: true };
  }
  const state = TRACESTATE ? { traceState: TRACESTATE } : {};
  return { traceId, parentSpanId, ...state, isSampled: (parseInt(flags, 16) & 1) === 1 };
}

export function newSpanId(): string {
  return crypto.randomBytes(8).toString("hex");
}
