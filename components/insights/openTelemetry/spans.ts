import { stepsBeginAt } from "../chromeTrace";
import type { BuildReport, PlatformReport, StepReport } from "../report";
import { attributesOf, type OtlpSpan } from "./otlp";
import { spanIdOf, type TraceContext } from "./traceContext";

/** Of the work itself: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto */
const internalKind = 1;
const errorCode = 2;

interface Span {
  name: string;
  /** Seconds since 1970. */
  begin: number;
  seconds: number;
  attributes: Record<string, string | number | undefined>;
  /** What went wrong. */
  error?: string;
}

/** A build: its image, below it each platform on its node, and below that the wait for the node and each step. */
export function spansOf(report: BuildReport, context: TraceContext, urn = report.image): OtlpSpan[] {
  const { image, stack, seconds, reason, attempts, platforms, cost, error } = report;
  const make = (
    { name, begin, seconds: length, attributes, error: failure }: Span,
    place: readonly number[],
    parent?: string,
  ): OtlpSpan => ({
    traceId: context.traceId,
    spanId: spanIdOf(context, urn, ...place),
    ...(parent !== undefined && { parentSpanId: parent }),
    ...(context.traceState !== undefined && { traceState: context.traceState }),
    name,
    kind: internalKind,
    startTimeUnixNano: nanoseconds(begin),
    endTimeUnixNano: nanoseconds(begin + Math.max(0, length)),
    attributes: attributesOf(attributes),
    ...(failure !== undefined && { status: { code: errorCode, message: failure } }),
  });
  const begin = Date.parse(report.startedAt) / 1_000;
  const attributes = { ...attributesOfBuild({ image, stack, reason, attempts }), "build.cost.dollars": cost.dollars };
  const root = make(
    { name: `build ${image}`, begin, seconds, attributes, error: failureOf(report, error) },
    [],
    context.parentSpanId,
  );
  const steps = stepsBeginAt(report);
  return [
    root,
    // Platforms that end later come after those that are there: places stay.
    ...platforms.flatMap((platform, at) => {
      const own = make(platformSpan(platform, steps), [at], root.spanId);
      const wake = { name: "wait for the node", begin: steps - platform.wakeSeconds, seconds: platform.wakeSeconds };
      return [
        own,
        make({ ...wake, attributes: { "build.node": platform.node.name } }, [at, 0], own.spanId),
        ...stepSpans(platform, steps).map((each, step) => make(each, [at, step + 1], own.spanId)),
      ];
    }),
  ];
}

function attributesOfBuild({
  image,
  stack,
  reason,
  attempts,
}: Pick<BuildReport, "image" | "stack" | "reason" | "attempts">) {
  return { "build.image": image, "pulumi.stack": stack, "build.reason": reason, "build.attempts": attempts };
}

function failureOf({ result }: BuildReport, error: string | undefined): string | undefined {
  return result === "failed" ? (error ?? "failed") : undefined;
}

function platformSpan(
  { platform, node, seconds, wakeSeconds, pushSeconds, contextBytes, ...of }: PlatformReport,
  steps: number,
): Span {
  const attributes = {
    "build.platform": platform,
    "build.node": node.name,
    "host.type": node.machine,
    "build.steps": of.stepCount,
    "build.steps.cached": of.cachedCount,
    "build.push.seconds": pushSeconds,
    "build.context.bytes": contextBytes,
  };
  return { name: `${platform} on ${node.name}`, begin: steps - wakeSeconds, seconds, attributes, error: of.error };
}

function stepSpans({ steps }: PlatformReport, begin: number): Span[] {
  const ran = steps.filter(
    (step): step is StepReport & { start: number } => step.start !== undefined && step.state !== "not run",
  );
  return ran.map(({ name, start, seconds, state, line, miss }) => ({
    name,
    begin: begin + start,
    seconds,
    attributes: {
      "build.step.state": state,
      "build.step.line": line,
      "build.step.missed": miss?.kind,
      "build.step.missed.reason": miss?.reason,
    },
    ...(state === "failed" && { error: "failed" }),
  }));
}

/** Of milliseconds, a thousandth of which is as precise as a number of this size is. */
function nanoseconds(seconds: number): string {
  return `${BigInt(Math.round(seconds * 1e6))}000`;
}
