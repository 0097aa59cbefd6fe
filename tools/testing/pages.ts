import type { TestResult } from "./counts";
import type { KnownResults } from "./lastRun";

/** A test of a page, with the tier that runs it. */
interface Row {
  file: string;
  title: string;
  tier: "npm test" | "npm run test:all";
  outcome: TestResult["outcome"] | "not run yet";
  seconds?: number;
}

const endToEnd = /^(hosts|main|ec2|farm|recipes|kubernetes) /;

/**
 * Every end-to-end test, of the last runs of the two tiers.
 * @param nightly files that `npm test` leaves as a whole, so that it knows none of their tests
 */
function rowsOf(quick: KnownResults, all: KnownResults, nightly: readonly string[]): Row[] {
  const known = new Set([...Object.keys(quick.tests), ...Object.keys(all.tests)]);
  const files = [...known].filter((name) => endToEnd.test(name)).sort();
  const later = nightly
    .filter((file) => !known.has(file))
    .map((file): Row => ({ file, title: "all of its tests", tier: "npm run test:all", outcome: "not run yet" }));
  const rows = files.flatMap((file) => {
    const inQuick = quick.tests[file] ?? [];
    const inAll = all.tests[file] ?? [];
    const titles = [...new Set([...inQuick, ...inAll].map(({ title }) => title))];
    return titles.map((title): Row => {
      const isQuick = inQuick.some((test) => test.title === title && test.outcome !== "left");
      const found = (isQuick ? inQuick : inAll).find((test) => test.title === title);
      const seconds = found && found.outcome !== "left" ? found.milliseconds / 1_000 : undefined;
      return {
        file,
        title,
        tier: isQuick ? "npm test" : "npm run test:all",
        outcome: found?.outcome ?? "left",
        seconds,
      };
    });
  });
  return [...rows, ...later];
}

/** A page of Markdown: how each end-to-end test ended, and which tier runs it. */
export function describeTests(quick: KnownResults, all: KnownResults, nightly: readonly string[]): string {
  const rows = rowsOf(quick, all, nightly);
  const count = (tier: Row["tier"]) => rows.filter((row) => row.tier === tier).length;
  return [
    "# End-to-end tests: results",
    "",
    "How each test ended when its tier was last run. Made by `node tools/run.js testResults` from the last runs on a machine.",
    `\`npm test\` runs ${count("npm test")} of them, \`npm run test:all\` ${count("npm run test:all")} more. Tests of a recipe begin with`,
    "its row in [recipes.md](recipes.md).",
    "",
    "| file | test | tier | result | seconds |",
    "| --- | --- | --- | --- | -: |",
    ...rows.map(({ file, title, tier, outcome, seconds }) => {
      const time = seconds === undefined ? "" : seconds.toFixed(1);
      return `| ${file} | ${title.replaceAll("|", "\\|")} | ${tier} | ${outcome} | ${time} |`;
    }),
    "",
  ].join("\n");
}
