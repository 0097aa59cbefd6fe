import type { Life } from "./life";

/** A line of the table at the end. */
export interface Row {
  name: string;
  asserts: string;
  seconds: number;
  result: "ok" | "failed" | "not run";
  error?: string;
}

/** Where and when a run was. */
export interface RunFacts {
  runId: string;
  account: string;
  region: string;
  version: string;
  startedAt: string;
}

export function isGood({ rows }: Life): boolean {
  return rows.every(({ result }) => result === "ok");
}

/** The table at the end, as Markdown that is good to read on a terminal too. */
export function reportText(facts: RunFacts, life: Life): string {
  const cells = life.rows.map(({ name, seconds, asserts, result }) => [name, seconds.toFixed(1), asserts, result]);
  const head = ["step", "seconds", "asserted", "result"];
  const widths = head.map((_, column) => Math.max(...[head, ...cells].map((row) => row[column].length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const { runId, account, region, version, startedAt } = facts;
  return [
    `# npm run verify:aws: ${isGood(life) ? "everything holds" : "FAILED"}`,
    "",
    `Run ${runId} of version ${version}, in account ${account}, ${region}, ${startedAt}.`,
    "",
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.map(line),
    ...life.rows.flatMap(({ name, error }) => (error ? ["", `**${name}**: ${error.trim()}`] : [])),
    ...answerLines(life),
    ...leftoverLines(life, region),
    "",
  ].join("\n");
}

function answerLines({ answers }: Life): string[] {
  return answers.length === 0
    ? []
    : ["", "What only an account can tell:", "", ...answers.map(({ question, answer }) => `- ${question} ${answer}`)];
}

function leftoverLines({ leftovers }: Life, region: string): string[] {
  return leftovers.length === 0
    ? []
    : [
        "",
        "Still there, and what removes it:",
        "",
        "```sh",
        `export AWS_REGION=${region}`,
        ...leftovers.map(({ what, command }) => `${command}   # ${what}`),
        "```",
      ];
}
