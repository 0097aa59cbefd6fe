import type { TestResult } from "../testing/counts";
import type { KnownResults } from "../testing/lastRun";
import type { Fault, Proof, Standing, Threat } from "./row";
import { fileOf, patternOf } from "./titles";

/** How a row's test ended when it was last run. */
type Outcome = TestResult["outcome"] | "not run";

const states = [
  "**ok**: it holds, and the tests of the last column show it. **weak**, **broken**: it does not hold wholly, or not at all; the row says why,",
  "and what to do.",
  "**documented**: it is so by design; the row says what to do where that is not acceptable. In brackets: how the tests ended when they were last run.",
].join("\n");

/** docs/security.md, of the rows and the last runs. */
export function describeThreats(threats: readonly Threat[], results: readonly KnownResults[]): string {
  const rows = threats.map((row) => [row.asset, row.threat, ...standing(row, results)]);
  const intro = [
    "What is worth keeping, who could do what to it, and how it stands. How the parts are secured is in [EC2 nodes](ec2.md#how-it-is-secured),",
    "[certificates](certificates.md), [IAM](iam.md) and [sharing](sharing.md).",
  ].join("\n");
  return page("Security", intro, ["asset", "threat", "state", "tests"], rows);
}

/** docs/reliability.md, of the rows and the last runs. */
export function describeFaults(faults: readonly Fault[], results: readonly KnownResults[]): string {
  const rows = faults.map((row) => {
    const seconds =
      row.proofs?.flatMap((proof) => found(proof, results).map((each) => each.milliseconds / 1_000)) ?? [];
    const longest = seconds.length > 0 ? Math.max(...seconds).toFixed(0) : "";
    return [row.part, row.fault, row.outcome, longest, ...standing(row, results)];
  });
  const intro = [
    "What can go wrong by itself, and what happens then. The seconds are of the longest of the row's tests, from its beginning to its end:",
    "boots, builds and pushes are part of them. What each message means is in [troubleshooting](troubleshooting.md).",
  ].join("\n");
  return page("Reliability", intro, ["part", "fault", "what happens", "seconds", "state", "tests"], rows);
}

/** Tests of rows that have not passed in the last runs, in words. */
export function unproven(rows: readonly Standing[], results: readonly KnownResults[]): string[] {
  const proofs = rows.flatMap((row) => row.proofs ?? []);
  const outcomes = proofs.map((proof) => ({ proof, outcome: outcomeOf(proof, results) }));
  return outcomes
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ proof, outcome }) => `${fileOf(proof)}: ${proof[1]}: ${outcome}`);
}

function standing(row: Standing, results: readonly KnownResults[]): [state: string, tests: string] {
  const state = row.state === "ok" ? "ok" : `${row.state}: ${row.reason}. To be safe: ${row.way}`;
  const tests = (row.proofs ?? []).map(
    (proof) => `[${proof[0]}](../${fileOf(proof)}): ${proof[1]} (${outcomeOf(proof, results)})`,
  );
  return [state, tests.join("<br>")];
}

function outcomeOf(proof: Proof, results: readonly KnownResults[]): Outcome {
  const outcomes = found(proof, results).map(({ outcome }) => outcome);
  return outcomes.find((each) => each !== "passed") ?? outcomes[0] ?? "not run";
}

/** Of each run the tests of that title; those that it left for another are none of it. */
function found([file, title]: Proof, results: readonly KnownResults[]): TestResult[] {
  const isPython = file.startsWith("machine/");
  const name = isPython ? "unit nodes/ec2/machine" : file.replace("/", " ");
  // A suite of Python's is one test of mocha's.
  const wanted = isPython ? file.replace(/^machine\/test_/, "") : title;
  const pattern = patternOf(`… ${wanted}`);
  const all = results.flatMap(({ tests }) => tests[name] ?? []);
  return all.filter((test) => test.outcome !== "left" && pattern.test(test.title));
}

function page(title: string, intro: string, columns: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const made = "Made by `node tools/run.js risks` from `tools/risks/` and the last runs of the tests on a machine.";
  return [
    `# ${title}`,
    "",
    intro,
    "",
    states,
    "",
    made,
    "",
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map(line),
    "",
  ].join("\n");
}
