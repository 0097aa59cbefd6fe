import type { BuildReport, StepReport } from "./report";

/** An event of the Trace Event Format; times are in microseconds. */
export interface TraceEvent {
  name: string;
  /** "X": with a duration. "M": about a process or thread. */
  ph: "X" | "M";
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  cat?: string;
  args: Record<string, string | number>;
}

/**
 * The steps of all images as Chrome's trace viewers and ui.perfetto.dev open them: a process for each image and platform. Steps
 * that ran at the same time are in lanes of their own, because older viewers don't draw events that overlap in one.
 *
 * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
export function chromeTrace(reports: readonly BuildReport[]): { traceEvents: TraceEvent[] } {
  const lanes = reports.flatMap((report) => report.platforms.map((platform) => ({ report, platform })));
  const traceEvents = lanes.flatMap(({ report, platform }, at): TraceEvent[] => {
    const pid = at + 1;
    const begin = stepsBeginAt(report) * 1e6;
    const name = `${report.image} ${platform.platform} (${platform.node.name})`;
    const ends: number[] = [];
    const ran = platform.steps.filter(({ start, state }) => start !== undefined && state !== "not run");
    return [
      { name: "process_name", ph: "M", pid, tid: 0, args: { name } },
      ...ran.map((step): TraceEvent => {
        const start = Math.round((step.start ?? 0) * 1e6);
        const duration = Math.max(1, Math.round(step.seconds * 1e6));
        const free = ends.findIndex((end) => end <= start);
        const lane = free < 0 ? ends.length : free;
        ends[lane] = start + duration;
        const args = argumentsOf(step);
        return {
          name: step.name,
          ph: "X",
          cat: step.state,
          pid,
          tid: lane + 1,
          ts: Math.round(begin + start),
          dur: duration,
          args,
        };
      }),
    ];
  });
  return { traceEvents };
}

/** When the nodes began, by this machine's clock: theirs may differ. In seconds since 1970. */
export function stepsBeginAt({ startedAt, phases }: Pick<BuildReport, "startedAt" | "phases">): number {
  return Date.parse(startedAt) / 1_000 + (phases[0]?.seconds ?? 0);
}

function argumentsOf({ state, line, miss }: StepReport): TraceEvent["args"] {
  return { state, ...(line && { line }), ...(miss && { missed: miss.reason }) };
}
