/** Where the report of an image's build goes, besides the log: `report` of `MultiPlatformImageArgs`. */
export interface ReportArgs {
  /**
   * The folder for `report.html`, `report.json` and `trace.json`: from the project's folder, or absolute. What an update before
   * has written there is replaced. Images with the same folder are in one page.
   *
   * @default - `.multi-platform-image/reports/STACK/TIME`, of which the last 20 are kept
   */
  directory?: string;
  /**
   * Whether the summary is added to the page of a job in GitHub Actions.
   *
   * @default - where GITHUB_STEP_SUMMARY is set
   * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
   */
  githubSummary?: boolean;
  /**
   * Whether `IMAGE.dockerbuild` is written, too: the nodes' whole records of the build, as `docker buildx history export` writes
   * them, for Docker Desktop (`docker buildx history import`). It holds what steps printed, the Dockerfile, and the
   * build's graph; stars stand for values of arguments, secrets and passwords.
   *
   * @default false
   */
  dockerbuild?: boolean;
  /**
   * Whether `trace.otlp.json` is written, too, and sent as OTLP over HTTP where OTEL_EXPORTER_OTLP_ENDPOINT or
   * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set. The span in TRACEPARENT becomes the trace's
   * parent.
   *
   * @default false
   * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
   */
  openTelemetry?: boolean;
}
