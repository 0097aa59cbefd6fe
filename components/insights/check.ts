import { argumentError } from "../support/errors";
import type { ReportArgs } from "./reportArguments";

/** @throws BuildError that names the argument. */
export function checkReport(owner: string, report: unknown): void {
  if (report === undefined || typeof report === "boolean") {
    return;
  }
  const allowed = "true, false, or { directory, githubSummary, dockerbuild, openTelemetry } is allowed";
  if (typeof report !== "object" || report === null) {
    throw argumentError(owner, "report", report, allowed);
  }
  const { directory, githubSummary, dockerbuild, openTelemetry, ...others } = report as ReportArgs &
    Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw argumentError(owner, `report.${other}`, others[other], allowed);
  }
  if (directory !== undefined && (typeof directory !== "string" || directory === "")) {
    throw argumentError(owner, "report.directory", directory, "the path of a folder is allowed");
  }
  for (const [name, value] of Object.entries({ githubSummary, dockerbuild, openTelemetry })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw argumentError(owner, `report.${name}`, value, "true or false is allowed");
    }
  }
}

/** @throws BuildError that names the argument. */
export function checkPrices(owner: string, prices: Readonly<Record<string, unknown>>): void {
  for (const [name, dollars] of Object.entries(prices)) {
    if (typeof dollars !== "number" || !Number.isFinite(dollars) || dollars < 0) {
      const remedy = "dollars an hour, as a number that is 0 or more, are allowed";
      throw argumentError(owner, `prices["${name}"]`, dollars, remedy);
    }
  }
}
