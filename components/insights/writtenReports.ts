import type { ReportArgs } from "./reportArguments";
import { removeOld, writeDockerbuild, writeFolder, writeSection } from "./reportFiles";
import { reportsFolder } from "./kept";
import { type OtlpSpan, traceOf } from "./openTelemetry/otlp";
import { sendTrace } from "./openTelemetry/send";
import { spansOf } from "./openTelemetry/spans";
import { type TraceContext, traceContextOf } from "./openTelemetry/traceContext";
import type { ReportedBuild } from "./report";

interface ReportFolder {
  builds: Map<string, ReportedBuild>;
  /** Of images that want a trace. */
  spans: Map<string, OtlpSpan[]>;
}

/** What an update has written of its images: those with the same folder are in one page, and all are in one trace. */
export class WrittenReports {
  private readonly folders = new Map<string, ReportFolder>();
  private readonly summarised = new Map<string, ReportedBuild>();
  private readonly spans = new Map<string, OtlpSpan[]>();
  private readonly sent = new Set<string>();
  private readonly trace: TraceContext;

  constructor(
    private readonly startedAt: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.trace = traceContextOf(environment);
  }

  /** Images of two parents may have one name: each is known by its URN. */
  add(urn: string, build: ReportedBuild, files: ReportArgs | undefined, name: string): void {
    const spans = files?.openTelemetry ? spansOf(build.report, this.trace, urn) : [];
    this.spans.set(urn, spans);
    if (files) {
      this.write(urn, build, files, name, spans);
    }
    const summary = this.environment.GITHUB_STEP_SUMMARY;
    if (summary && files?.githubSummary !== false) {
      this.summarised.set(urn, build);
      writeSection(summary, this.startedAt, [...this.summarised.values()]);
    }
  }

  /** Each span once: of platforms that are apart, a second one that fails makes the report again. */
  async send(urn: string): Promise<string | undefined> {
    const spans = (this.spans.get(urn) ?? []).filter(({ spanId }) => !this.sent.has(spanId));
    if (spans.length === 0 || !this.trace.isSampled) {
      return undefined;
    }
    spans.forEach(({ spanId }) => this.sent.add(spanId));
    return sendTrace(traceOf(spans, this.environment), this.environment);
  }

  private write(
    ...[urn, { records, ...build }, files, file, spans]: [string, ReportedBuild, ReportArgs, string, OtlpSpan[]]
  ): void {
    const { stack } = build.report;
    const own = `${reportsFolder(stack)}/${this.startedAt}`;
    const name = files.directory ?? own;
    const folder: ReportFolder = this.folders.get(name) ?? { builds: new Map(), spans: new Map() };
    this.folders.set(name, folder);
    folder.builds.set(urn, build);
    folder.spans.set(urn, spans);
    const all = [...folder.spans.values()].flat();
    writeFolder(name, [...folder.builds.values()], all.length > 0 ? traceOf(all, this.environment) : undefined);
    writeDockerbuild(name, file, { ...build, records });
    if (name === own) {
      removeOld(reportsFolder(stack));
    }
  }
}
