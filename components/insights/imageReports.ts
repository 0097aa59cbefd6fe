import type * as dockerBuild from "@pulumi/docker-build";

import type { BuildSession } from "../session/session";
import { costOf } from "./cost";
import type { ExportedBuild } from "./dockerbuild/readExport";
import type { InsightSettings, WatchedBuild } from "./watched";
import { type ReportInputs, reportInputs } from "./inputs";
import { keep, newMemory, readKept } from "./kept";
import type { Memory } from "./lastBuild";
import type { PlatformFindings } from "./platformReport";
import { readBuild } from "./readBuild";
import type { BuildReport, Phase } from "./report";
import { summaryLines } from "./summary";

/** An image's builds of this update, as they end, and the report that they make together. */
export class ImageReports {
  report?: BuildReport;
  private readonly findings: PlatformFindings[] = [];
  private readonly missing: string[] = [];
  private readonly records: ExportedBuild[] = [];
  private readonly builds: WatchedBuild[] = [];
  private memory?: Memory;
  private hasFailed = false;

  constructor(private readonly settings: InsightSettings) {}

  async add(
    build: WatchedBuild,
    session: BuildSession,
    args: dockerBuild.ImageArgs,
    error: string | undefined,
  ): Promise<void> {
    const ended = Date.now();
    const { image, stack } = this.settings;
    const [urn, passwords] = await Promise.all([this.settings.urn(), this.settings.passwords()]);
    const kept = readKept(stack, image, urn);
    this.memory ??= kept?.memory ?? newMemory();
    const inputs = await reportInputs(args, this.memory.salt, passwords);
    this.builds.push(build);
    await this.read(build, session, inputs, this.memory);
    this.hasFailed ||= error !== undefined;
    this.report = this.reportOf(ended, inputs, error);
    // Of an image whose platforms are apart, the index ends it.
    if (build.purpose !== "platform" || error !== undefined) {
      this.publish(urn, this.memory, this.report, kept?.report);
    }
  }

  private async read(build: WatchedBuild, session: BuildSession, inputs: ReportInputs, memory: Memory): Promise<void> {
    if (build.purpose === "index" || build.preparedAt === undefined) {
      return;
    }
    const views = session.nodeViews?.(build.platforms);
    const wantsExport = this.settings.files?.dockerbuild === true;
    const { findings, missing, exported } = await readBuild(views ?? [], build.since, inputs, memory, wantsExport);
    this.records.push(...exported);
    this.findings.push(...findings);
    this.missing.push(...(views ? missing : ["steps: a Docker engine's container is not asked"]));
  }

  private reportOf(ended: number, { mask }: ReportInputs, error: string | undefined): BuildReport {
    const { image, stack, prices } = this.settings;
    const since = Math.min(...this.builds.map((each) => each.since));
    const prepared = Math.min(...this.builds.map(({ preparedAt }) => preparedAt ?? ended));
    const platforms = this.findings.map(({ report }) => report);
    const used = [...new Map(platforms.map((each) => [each.node.name, each])).values()];
    const nodes = used.map(({ node, seconds }) => ({ ...node, seconds }));
    const seconds = (ended - since) / 1_000;
    return {
      version: 1,
      image,
      stack,
      startedAt: new Date(since).toISOString(),
      result: this.hasFailed ? "failed" : "built",
      // The index is built because its platforms are.
      reason: mask(this.builds[0].reason),
      seconds,
      attempts: Math.max(...this.builds.map(({ attempts }) => attempts)),
      phases: phasesOf(seconds, (prepared - since) / 1_000, platforms),
      platforms,
      cost: costOf(nodes, prices),
      ...(error !== undefined && { error: mask(error) }),
      ...(this.missing.length > 0 && { missing: this.missing.join("; ") }),
    };
  }

  private publish(...[urn, memory, report, previous]: [string, Memory, BuildReport, BuildReport?]): void {
    const found = this.findings.map(({ report: { platform }, memory: own }) => [platform, own] as const);
    // After a failed build the next one is compared with the last that was good.
    const platforms = this.hasFailed ? memory.platforms : { ...memory.platforms, ...Object.fromEntries(found) };
    keep(urn, { memory: { ...memory, platforms }, report, ...(previous && { previous }) });
    const logs = new Map(this.findings.map(({ report: { platform }, logs: of }) => [platform, of] as const));
    this.settings.tell(summaryLines(report).join("\n"));
    this.settings.run.add(urn, { report, previous, logs, records: this.records }, this.settings.files);
  }
}

/** What is not known of a part is in the last one, so that all of them are the whole time. */
function phasesOf(seconds: number, prepared: number, platforms: readonly { nodeSeconds: number }[]): Phase[] {
  const longest = Math.max(0, ...platforms.map(({ nodeSeconds }) => nodeSeconds));
  const nodes = Math.min(seconds - prepared, longest);
  const rounded = (value: number) => Number(value.toFixed(3));
  return [
    { name: "checks and nodes", seconds: rounded(prepared) },
    { name: "nodes build and push", seconds: rounded(nodes) },
    { name: "docker-build and index", seconds: rounded(seconds - prepared - nodes) },
  ];
}
