import { inOneLine } from "../support/plainText";
import { commonName } from "./commonName";
import { describeDollars } from "./cost";
import type { BuildReport, Miss, PlatformReport } from "./report";

/**
 * What the log says of a build: a few lines, the first of which stands for itself. None has a second one in it: names of files
 * and steps may have lines that a CI obeys.
 */
export function summaryLines(report: BuildReport): string[] {
  const { platforms, cost, missing } = report;
  const verb = report.result === "built" ? "built" : "failed";
  const again = report.attempts > 1 ? `, at attempt ${report.attempts}` : "";
  const parts = platforms.map((each) => `${each.platform} ${describeSeconds(each.seconds)} (${detailsOf(each)})`);
  const slowest = slowestStep(report);
  const dollars = cost.dollars === undefined ? "" : `, about ${describeDollars(cost.dollars)}`;
  return [
    [`image ${report.image}: ${verb} in ${describeSeconds(report.seconds)}${again}`, ...parts].join("; "),
    ...missLines(platforms),
    ...(slowest
      ? [`slowest: ${shortened(slowest.name)}, ${describeSeconds(slowest.seconds)} on ${slowest.platform}`]
      : []),
    ...(platforms.length > 0 ? [`cost: ${describeSeconds(cost.nodeSeconds)} of nodes${dollars}`] : []),
    ...(missing ? [`not in this report: ${missing}`] : []),
  ].map(inOneLine);
}

function detailsOf({ cachedCount, stepCount, wakeSeconds, pushSeconds }: PlatformReport): string {
  return [
    `${cachedCount} of ${stepCount} ${stepCount === 1 ? "step" : "steps"} cached`,
    `wake ${describeSeconds(wakeSeconds)}`,
    ...(pushSeconds > 0 ? [`push ${describeSeconds(pushSeconds)}`] : []),
  ].join(", ");
}

/** One line for each reason, with the platforms that have it where not all do. */
function missLines(platforms: readonly PlatformReport[]): string[] {
  const byText = new Map<string, string[]>();
  for (const { missedFirst, platform } of platforms) {
    if (missedFirst) {
      const text = describeMiss(missedFirst);
      byText.set(text, [...(byText.get(text) ?? []), platform]);
    }
  }
  return [...byText].map(
    ([text, of]) => `first step not cached${of.length === platforms.length ? "" : ` on ${of.join(", ")}`}: ${text}`,
  );
}

export function describeMiss({ step, line, reason }: Miss): string {
  return `${shortened(commonName(step))}${line ? ` (line ${line})` : ""}: ${reason}`;
}

/** The step that took longest, if it took a second. */
export function slowestStep({ platforms }: BuildReport) {
  const ran = platforms.flatMap(({ platform, steps }) =>
    steps.filter(({ state, seconds }) => state !== "cached" && seconds >= 1).map((step) => ({ ...step, platform })),
  );
  return ran.sort((one, other) => other.seconds - one.seconds)[0];
}

/** As people say it: `0.4 s`, `41 s`, `1 m 42 s`. */
export function describeSeconds(seconds: number): string {
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  return [hours > 0 && `${hours} h`, (hours > 0 || minutes > 0) && `${minutes} m`, hours === 0 && `${rest} s`]
    .filter(Boolean)
    .join(" ");
}

const longestCharacters = 100;

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > longestCharacters ? `${line.slice(0, longestCharacters)}…` : line;
}
