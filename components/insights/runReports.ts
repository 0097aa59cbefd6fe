import type { ReportArgs } from "./reportArguments";
import { reportsFolder } from "./kept";
import type { ReportedBuild } from "./report";

/** The reports of all images of an update: those with the same folder are in one page. */
export class RunReports {
  private readonly startedAt = new Date().toISOString().replace(/[:.]/g, "-");
  private readonly folders = new Map<string, Map<string, ReportedBuild>>();
  private readonly summarised = new Map<string, ReportedBuild>();

  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  add(build: ReportedBuild, files: ReportArgs | undefined): void {
    const { image, stack } = build.report;
    // Loaded when a build has ended, as what calls it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { writeFolder, writeSection, removeOld } = require("./reportFiles") as typeof import("./reportFiles");
    if (files) {
      const own = `${reportsFolder(stack)}/${this.startedAt}`;
      const folder = files.directory ?? own;
      const builds = this.folders.get(folder) ?? new Map<string, ReportedBuild>();
      this.folders.set(folder, builds.set(image, build));
      writeFolder(folder, [...builds.values()]);
      if (folder === own) {
        removeOld(reportsFolder(stack));
      }
    }
    const summary = this.environment.GITHUB_STEP_SUMMARY;
    if (summary && files?.githubSummary !== false) {
      this.summarised.set(image, build);
      writeSection(summary, this.startedAt, [...this.summarised.values()]);
    }
  }
}
