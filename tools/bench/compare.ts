import { say, seconds } from "../progress";
import type { Row } from "./rows";
import { openSide, type Run, type Side, type SideName } from "./sides";
import { ratioOf, type Spread, spreadOf } from "./statistics";
import type { World } from "./world";

/** The figures of one side of a row. */
export interface SideResult {
  seconds: Spread;
  cpuSeconds: Spread;
  memoryMegabytes: Spread;
  sentBytes: Spread;
  /** Calls of the program to Pulumi's engine, by their names. */
  calls?: Record<string, number>;
}

export interface RowResult {
  name: string;
  title: string;
  goal?: number;
  pairs: number;
  sides: Partial<Record<SideName, SideResult>>;
  /** Ours by plain docker-build, pair by pair. */
  ratios: { seconds: Spread; cpuSeconds: Spread; memory: Spread };
}

/** Runs the sides of a row in turn, so that what slows the machine slows each of them. */
export async function compare(world: World, name: string, row: Row, pairs: number): Promise<RowResult> {
  const started = Date.now();
  const images = Array.from({ length: row.images }, (_, at) => `image-${at + 1}`);
  const sides: Side[] = [];
  for (const side of row.sides) {
    sides.push(await openSide(world, side, images));
  }
  const runs = new Map<Side, Run[]>(sides.map((side) => [side, []]));
  const changed = (side: Side) => images.forEach((image) => row.change?.(side, image));
  for (const side of sides) {
    images.forEach((image) => row.write(side, image));
    await side.run();
    // What a first run leaves to the second: settled files, a warm cache of the disk.
    changed(side);
    await side.run();
  }
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who is second finds the disk's cache warm, and a node that has just worked.
    for (const side of pair % 2 === 0 ? sides : [...sides].reverse()) {
      changed(side);
      runs.get(side)?.push(await side.run());
    }
    say(`${name}: pair ${pair + 1} of ${pairs}, ${seconds(started)}`);
  }
  const results: [SideName, SideResult][] = [];
  for (const side of sides) {
    changed(side);
    results.push([side.name, { ...figuresOf(runs.get(side) ?? []), calls: await side.calls() }]);
  }
  const of = (at: number, what: (run: Run) => number) => (runs.get(sides[at]) ?? []).map(what);
  const ratio = (what: (run: Run) => number) => ratioOf(of(0, what), of(1, what));
  return {
    name,
    title: row.title,
    goal: row.goal,
    pairs,
    sides: Object.fromEntries(results),
    ratios: {
      seconds: ratio((run) => run.seconds),
      cpuSeconds: ratio((run) => run.cpuSeconds),
      memory: ratio((run) => run.memoryBytes),
    },
  };
}

function figuresOf(runs: readonly Run[]): SideResult {
  const spread = (what: (run: Run) => number) => spreadOf(runs.map(what));
  return {
    seconds: spread((run) => run.seconds),
    cpuSeconds: spread((run) => run.cpuSeconds),
    memoryMegabytes: spread((run) => run.memoryBytes / 1e6),
    sentBytes: spread((run) => run.sentBytes),
  };
}
