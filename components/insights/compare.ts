import { commonName } from "./commonName";
import type { BuildReport, StepReport } from "./report";
import { describeSeconds } from "./summary";

/** A step whose time differs from that in the build before. */
export interface StepDifference {
  platform: string;
  name: string;
  before: StepReport;
  now: StepReport;
}

const noiseSeconds = 0.1;

/** The steps of both builds whose times differ by more than noise, the largest differences first. */
export function stepDifferences(now: BuildReport, before: BuildReport): StepDifference[] {
  const old = new Map(
    before.platforms.flatMap(({ platform, steps }) =>
      steps.map((step) => [`${platform} ${commonName(step.name)}`, step] as const),
    ),
  );
  const found = now.platforms.flatMap(({ platform, steps }) =>
    steps.flatMap((step): StepDifference[] => {
      const name = commonName(step.name);
      const one = old.get(`${platform} ${name}`);
      return one ? [{ platform, name, before: one, now: step }] : [];
    }),
  );
  const by = ({ now: one, before: other }: StepDifference) => Math.abs(ranSeconds(one) - ranSeconds(other));
  return found.filter((each) => by(each) >= noiseSeconds).sort((one, other) => by(other) - by(one));
}

/** The same in lines. */
export function compareReports(now: BuildReport, before: BuildReport | undefined): string[] {
  if (!before) {
    return ["no build before it is known on this machine"];
  }
  const lines = stepDifferences(now, before).map(
    (each) =>
      `  ${each.platform} ${each.name.replace(/\s+/g, " ")}: ${wordOf(each.before)} before, ${wordOf(each.now)} now`,
  );
  const all = `before, ${before.startedAt}: ${describeSeconds(before.seconds)}; now ${describeSeconds(now.seconds)}`;
  return [all, ...(lines.length > 0 ? lines : ["  no step took another time"])];
}

/** What was looked for in the cache took time, too, but did not run. */
export function ranSeconds({ state, seconds }: Pick<StepReport, "state" | "seconds">): number {
  return state === "cached" || state === "not run" ? 0 : seconds;
}

/** How long a step took, or why it took no time. */
export function wordOf({ state, seconds }: Pick<StepReport, "state" | "seconds">): string {
  return state === "cached" || state === "not run" ? state : describeSeconds(seconds);
}
