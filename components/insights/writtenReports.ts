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
  private readonly trace: TraceContext;

  constructor(
    private readonly startedAt: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    this.trace = traceContextOf(environment);
  }

  async add(build: ReportedBuild, files: ReportArgs | undefined): Promise<string | undefined> {
    const spans = files?.openTelemetry ? spansOf(build.report, this.trace) : [];
    if (files) {
      this.write(build, files, spans);
    }
    const summary = this.environment.GITHUB_STEP_SUMMARY;
    if (summary && files?.githubSummary !== false) {
      this.summarised.set(build.report.image, build);
      writeSection(summary, this.startedAt, [...this.summarised.values()]);
    }
    const isSent = spans.length > 0 && this.trace.isSampled;
    return isSent ? sendTrace(traceOf(spans, this.environment), this.environment) : undefined;
  }

  private write({ records, ...build }: ReportedBuild, files: ReportArgs, spans: OtlpSpan[]): void {
    const { image, stack } = build.report;
    const own = `${reportsFolder(stack)}/${this.startedAt}`;
    const name = files.directory ?? own;
    const folder: ReportFolder = this.folders.get(name) ?? { builds: new Map(), spans: new Map() };
    this.folders.set(name, folder);
    folder.builds.set(image, build);
    folder.spans.set(image, spans);
    const all = [...folder.spans.values()].flat();
    writeFolder(name, [...folder.builds.values()], all.length > 0 ? traceOf(all, this.environment) : undefined);
    writeDockerbuild(name, { ...build, records });
    if (name === own) {
      removeOld(reportsFolder(stack));
    }
  }
}
