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
}
