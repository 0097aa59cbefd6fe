import type { Platform } from "../support/platforms";
import { costOf, describeDollars, type Prices } from "./cost";
import type { KeptImage } from "./lastBuild";
import type { BuildReport } from "./report";
import { describeSeconds } from "./summary";

/** How long the parts of an image's last build took that went well, for the lines that say what is waited for. */
export interface LastTimes {
  /** Seconds until a node answered, by its name, where it had to be woken. */
  wakeSeconds: ReadonlyMap<string, number>;
  /** Of the node that took longest, its push included. */
  nodeSeconds: number;
  pushSeconds: number;
}

/** Below it, a node was awake. */
const wokenSeconds = 2;

/** Builds that went well, the newest first. */
function goodOnes({ report, previous }: KeptImage): BuildReport[] {
  return [report, previous].flatMap((each) => (each?.result === "built" && each.platforms.length > 0 ? each : []));
}

export function lastTimes(kept: KeptImage, platforms: readonly Platform[]): LastTimes | undefined {
  const builds = goodOnes(kept);
  const last = builds[0]?.platforms.filter(({ platform }) => platforms.includes(platform)) ?? [];
  if (last.length === 0) {
    return undefined;
  }
  // Of a node that was awake the last time, the time before says how long its wake takes.
  const wakes = [...builds]
    .reverse()
    .flatMap((build) =>
      build.platforms.flatMap(({ node, wakeSeconds }) =>
        wakeSeconds >= wokenSeconds ? [[node.name, wakeSeconds] as const] : [],
      ),
    );
  return {
    wakeSeconds: new Map(wakes),
    nodeSeconds: Math.max(...last.map(({ nodeSeconds }) => nodeSeconds)),
    pushSeconds: Math.max(...last.map(({ pushSeconds }) => pushSeconds)),
  };
}

/**
 * What a build is likely to take, by the last ones: `likely $0.00420 of nodes, 41 s to 1 m 42 s (by the last 2 builds)`. Nothing where
 * no build is known.
 */
export function describeLikely(kept: KeptImage, prices: Prices): string | undefined {
  const builds = goodOnes(kept);
  if (builds.length === 0) {
    return undefined;
  }
  // By today's prices.
  const costs = builds.map(({ cost }) =>
    costOf(
      cost.nodes.map(({ node, ...of }) => ({ name: node, ...of })),
      prices,
    ),
  );
  const dollars = costs.flatMap((cost) => cost.dollars ?? []);
  const parts = [
    ...(dollars.length > 0 ? [`${range(dollars, describeDollars)} of nodes`] : []),
    range(
      builds.map(({ seconds }) => seconds),
      describeSeconds,
    ),
  ];
  const by = builds.length === 1 ? "the last build" : `the last ${builds.length} builds`;
  return `likely ${parts.join(", ")} (by ${by})`;
}

function range(values: readonly number[], describe: (value: number) => string): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(describe);
  return least === most ? least : `${least} to ${most}`;
}

/** What is said while docker-build builds. */
export function describeBuilding(subject: string, seconds: number, last: LastTimes | undefined): string {
  const push = last && last.pushSeconds >= 1 ? `, ${describeSeconds(last.pushSeconds)} of it the push` : "";
  const before = last ? ` (${describeSeconds(last.nodeSeconds)} last time${push})` : "";
  return `building and pushing ${subject}, ${Math.round(seconds)} s${before}`;
}
