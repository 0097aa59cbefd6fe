import { dollarsOf, lifecycles, others, volumesDollarsAMonth } from "./prices";

const builds = 1_000;
const buildMinutes = [1, 5] as const;

/** The table of what builds cost, here and elsewhere. */
export function dollars(): string[] {
  const columns = buildMinutes.map((minutes) => `of ${minutes} minute${minutes > 1 ? "s" : ""}`);
  const cell = (value: number) => `$${value.toFixed(0)}`;
  return [
    `| ${builds.toLocaleString("en")} builds of both platforms | ${columns.join(" | ")} | how |`,
    "| --- | -: | -: | --- |",
    ...lifecycles.map(
      ({ name, minutes, why }) =>
        `| ${name} | ${buildMinutes.map((each) => cell(dollarsOf(builds, each, minutes))).join(" | ")} | ${why} |`,
    ),
    `| \`persistent\` | ${buildMinutes.map(() => cell(dollarsOf(1, 730 * 60, 0))).join(" | ")} | a month, however many they are |`,
    ...others.map(
      ({ what, dollars: each, source, date }) =>
        `| ${what} | ${buildMinutes.map((minutes) => cell(builds * minutes * each)).join(" | ")} | [as of ${date}](${source}) |`,
    ),
    "",
    "Docker Build Cloud names no public price of a minute: 500 are in [a Team plan](https://www.docker.com/pricing/faq/), at $15 for each user and month.",
    `The nodes' volumes are $${volumesDollarsAMonth} a month besides. Minutes of nodes are those of the README's table, which no EC2 account has confirmed yet.`,
  ];
}
