/** How a test ended that has a recipe's number in its title. */
export interface RecipeResult {
  rows: number[];
  title: string;
  outcome: "passed" | "failed" | "skipped";
  seconds?: number;
}

const outcomes = { "✓": "passed", "✗": "failed", "-": "skipped" } as const;
const line = /(✓|✗|-) recipe ([\d, ]+): (.*?) \((?:(\d+) ms|skipped)\)/;

/** The tests of recipes in what `npm test` has printed. A test that was tried again counts as it ended. */
export function readResults(output: string): RecipeResult[] {
  return output.split("\n").flatMap((text) => {
    const [, sign, rows, title, milliseconds] = line.exec(text) ?? [];
    if (sign === undefined) {
      return [];
    }
    const seconds = milliseconds === undefined ? undefined : Number(milliseconds) / 1_000;
    return [{ rows: rows.split(",").map(Number), title, outcome: outcomes[sign as keyof typeof outcomes], seconds }];
  });
}

/** A page of Markdown: row → test → result. */
export function describeResults(results: readonly RecipeResult[]): string {
  const rows = [...new Set(results.flatMap((each) => each.rows))].sort((a, b) => a - b);
  const lines = rows.flatMap((row) =>
    results
      .filter((each) => each.rows.includes(row))
      .map(({ title, outcome, seconds }) => {
        const time = seconds === undefined ? "" : seconds.toFixed(1);
        return `| ${row} | ${title.replaceAll("|", "\\|")} | ${outcome} | ${time} |`;
      }),
  );
  return [
    "# Recipes: results",
    "",
    "How the tests ended when they were last run, by the row of [recipes.md](recipes.md). Made by `node tools/run.js recipeResults LOG`. Row 25 is a note.",
    "",
    "| # | test | result | seconds |",
    "| -: | --- | --- | -: |",
    ...lines,
    "",
  ].join("\n");
}
