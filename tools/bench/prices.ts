import { addressPrice, listPrice } from "../../components/insights/prices";

/** What a minute of building costs in dollars, by public prices. */
export interface MinutePrice {
  what: string;
  /** Of one minute in which both platforms are built. */
  dollars: number;
  source: string;
  /** Since when, or for when, the source gives it. */
  date: string;
}

const github = "https://docs.github.com/en/billing/reference/actions-runner-pricing";

/** EC2's list prices in us-east-1, on demand: an hour of both default nodes, with their addresses. */
export const nodesDollarsAnHour = ["m8g.large", "m7a.large"].reduce(
  (sum, machine) => sum + listPrice(machine)! + addressPrice,
  0,
);
/** A month of their volumes, whether they run or not. */
export const volumesDollarsAMonth = 6;

export const others: readonly MinutePrice[] = [
  {
    what: "GitHub's runners, 2 cores: `linux_2_core_arm` and 2-core Linux, side by side",
    dollars: 0.005 + 0.006,
    source: github,
    date: "2026-01",
  },
  {
    what: "GitHub's larger runners, 4 cores: `linux_4_core_arm` and `linux_4_core`, side by side",
    dollars: 0.008 + 0.012,
    source: github,
    date: "2026-01",
  },
  {
    what: "Depot: a Docker build minute beyond those of the plan",
    dollars: 0.04,
    source: "https://depot.dev/pricing",
    date: "2026-06",
  },
];

/** Minutes for which both nodes run for one build, besides the build itself. */
export const lifecycles: readonly { name: string; minutes: number; why: string }[] = [
  { name: "`stop-when-idle`, each build alone", minutes: 0.7 + 10, why: "40 s until the nodes build, 10 minutes idle" },
  { name: "`stop-when-idle`, ten builds after each other", minutes: (0.7 + 10) / 10, why: "the same, shared by ten" },
  { name: "`ephemeral`", minutes: 0.9 + 1, why: "54 s until they build, a minute until they end" },
];

/** Dollars for builds that take so many minutes on both nodes. */
export function dollarsOf(builds: number, minutes: number, besides: number): number {
  return (builds * (minutes + besides) * nodesDollarsAnHour) / 60;
}
