import { safeName, shortHash } from "../support/paths";
import type { ReportArgs } from "./reportArguments";
import type { ReportedBuild } from "./report";
import type { WrittenReports } from "./writtenReports";

/** The reports of all images of an update. What writes them is loaded when the first build has ended. */
export class RunReports {
  private readonly startedAt = new Date().toISOString().replace(/[:.]/g, "-");
  private readonly names = new Map<string, number>();
  private written?: WrittenReports;

  constructor(private readonly environment: NodeJS.ProcessEnv = process.env) {}

  /** Of each image with reports, when it is declared: before any of them ends, so that its files have one name in all updates. */
  declare(image: string): void {
    this.names.set(safeName(image), (this.names.get(safeName(image)) ?? 0) + 1);
  }

  /** Writes what is asked for. */
  add(urn: string, build: ReportedBuild, files: ReportArgs | undefined): void {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { WrittenReports } = require("./writtenReports") as typeof import("./writtenReports");
    this.written ??= new WrittenReports(this.startedAt, this.environment);
    const name = safeName(build.report.image);
    this.written.add(urn, build, files, (this.names.get(name) ?? 0) > 1 ? `${name}-${shortHash(urn)}` : name);
  }

  /** Sends what is new of an image's trace. What a collector refuses is returned, in words: it fails nothing. */
  async send(urn: string): Promise<string | undefined> {
    return this.written?.send(urn);
  }
}
