import { describeDollars } from "./cost";
import type { BuildReport, ReportedBuild } from "./report";
import { describeMiss, describeSeconds } from "./summary";

// GitHub shows no more than 1 MiB of a step, and nothing of a longer one:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits
const mostCharacters = 200_000;
const errorCharacters = 4_000;

/** A summary of an update for the page of a CI job. */
export function markdown(builds: readonly ReportedBuild[]): string {
  const parts = builds.map(({ report }) => imageMarkdown(report));
  const text = `### Images built\n\n${parts.join("\n")}\n`;
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}\n\n(more is in report.html)\n` : text;
}

function imageMarkdown(report: BuildReport): string {
  const { image, result, seconds, platforms, cost, reason, error, missing } = report;
  const dollars = cost.dollars === undefined ? "" : `, about ${describeDollars(cost.dollars)}`;
  const rows = platforms.map(
    (each) =>
      `| ${[
        each.platform,
        describeSeconds(each.seconds),
        `${each.cachedCount} of ${each.stepCount}`,
        describeSeconds(each.wakeSeconds),
        describeSeconds(each.pushSeconds),
        each.missedFirst ? cell(describeMiss(each.missedFirst)) : "all cached",
      ].join(" | ")} |`,
  );
  const table =
    "| platform | time | cached | wake | push | first step not cached |\n| --- | --- | --- | --- | --- | --- |";
  return [
    `**${cell(image)}**: ${result} in ${describeSeconds(seconds)}; ${describeSeconds(cost.nodeSeconds)} of nodes${dollars}. Built because: ${cell(reason)}.`,
    ...(rows.length > 0 ? [`${table}\n${rows.join("\n")}`] : []),
    ...(error === undefined ? [] : [fenced(error.slice(0, errorCharacters))]),
    ...(missing === undefined ? [] : [`Not in this report: ${cell(missing)}.`]),
    "",
  ].join("\n\n");
}

/** Text of others in a table's cell: no HTML, no cell of its own, no new line. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\|`*_[\]<>]/g, (each) => `\\${each}`)
    .slice(0, 400);
}

/** With more backticks than any line in it has. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([each]) => each.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
