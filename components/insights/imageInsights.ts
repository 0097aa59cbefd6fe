import { setTimeout as sleep } from "node:timers/promises";

import type * as dockerBuild from "@pulumi/docker-build";

import type { BuildSession } from "../session/session";
import type { Platform } from "../support/platforms";
import type { ImageReports } from "./imageReports";
import { readKept } from "./kept";
import type { KeptImage } from "./lastBuild";
import type { LastTimes } from "./lastTimes";
import type { BuildReport } from "./report";
import type { InsightSettings, WatchedBuild } from "./watched";

/** All that a report may cost a build at its end, besides the collector that a trace is sent to. */
const mostMilliseconds = 5_000;

/**
 * What is found out of one image's builds during an update. It costs an update without a build nothing: what it does is loaded
 * at the end of the first build.
 */
export class ImageInsights {
  private reports?: ImageReports;

  constructor(private readonly settings: InsightSettings) {}

  /** Of this update; none where nothing was built. */
  get report(): BuildReport | undefined {
    return this.reports?.report;
  }

  /** What a build is likely to cost and take, by the last ones; nothing where none is known on this machine. */
  async likely(): Promise<string | undefined> {
    const kept = await this.kept();
    return kept && lastTimesModule().describeLikely(kept, this.settings.prices);
  }

  /** How long the last build took; nothing where none is known on this machine. */
  async last(platforms: readonly Platform[]): Promise<LastTimes | undefined> {
    const kept = await this.kept();
    return kept && lastTimesModule().lastTimes(kept, platforms);
  }

  /** What can't be read is not known: no build may fail for it. */
  private async kept(): Promise<KeptImage | undefined> {
    const { image, stack, urn } = this.settings;
    const known = await urn();
    try {
      return readKept(stack, image, known);
    } catch {
      return undefined;
    }
  }

  /** After a build, before its nodes are given up. Never fails, and takes seconds at most. */
  async conclude(
    build: WatchedBuild,
    openSession: () => Promise<BuildSession>,
    inputs: dockerBuild.ImageArgs,
    error?: string,
  ): Promise<void> {
    const { image, tell } = this.settings;
    const late = new AbortController();
    try {
      const timeout = sleep(mostMilliseconds, "late" as const, { ref: false, signal: late.signal });
      const done = this.read(build, openSession, inputs, error);
      if ((await Promise.race([done, timeout])) === "late") {
        tell(`image ${image}: no report, its nodes did not answer in time`);
        return;
      }
      // The report is there: a slow node and a collector that is not there must not take each other's time.
      const refused = await this.settings.run.send(await this.settings.urn());
      if (refused !== undefined) {
        tell(`image ${image}: its trace was not sent (${refused})`);
      }
    } catch (problem) {
      tell(`image ${image}: no report (${(problem as Error).message})`);
    } finally {
      late.abort();
    }
  }

  private async read(...[build, openSession, inputs, error]: Parameters<ImageInsights["conclude"]>): Promise<void> {
    // An update without a build must not pay for it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { ImageReports } = require("./imageReports") as typeof import("./imageReports");
    this.reports ??= new ImageReports(this.settings);
    await this.reports.add(build, await openSession(), inputs, error);
  }
}

/** An update without a build has no use for it. */
function lastTimesModule() {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("./lastTimes") as typeof import("./lastTimes");
}
