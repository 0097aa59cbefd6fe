import type { ReportArgs } from "./reportArguments";
import type { ReportedBuild } from "./report";
import type { WrittenReports } from "./writtenReports";

/** The reports of all images of an update. What writes them is loaded when the first build has ended. */
export class RunReports {
  private readonly startedAt = new Date().toISOString().replace(/[:.]/g, "-");
  private written?: WrittenReports;

  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  /** Writes and sends what is asked for. What a collector refuses is returned, in words: it fails nothing. */
  async add(build: ReportedBuild, files: ReportArgs | undefined): Promise<string | undefined> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { WrittenReports } = require("./writtenReports") as typeof import("./writtenReports");
    this.written ??= new WrittenReports(this.startedAt, this.environment);
    return this.written.add(build, files);
  }
}
