import * as os from "node:os";

import { say, seconds } from "../progress";
import { circumstances, type RowResult, type SideResult } from "./results";
import type { Row } from "./rows";
import { openSide, type Run, type Side, type SideName } from "./sides";
import { ratioOf, spreadOf } from "./statistics";
import type { World } from "./world";

/** Runs the sides of a row in turn, so that what slows the machine slows each of them. */
export async function compare(world: World, name: string, row: Row, pairs: number): Promise<RowResult> {
  const started = Date.now();
  const images = Array.from({ length: row.images }, (_, at) => `image-${at + 1}`);
  const sides: Side[] = [];
  for (const side of row.sides) {
    sides.push(await openSide(world, side, images, row));
  }
  const runs = new Map<Side, Run[]>(sides.map((side) => [side, []]));
  const loads: number[] = [];
  const change = async (side: Side) => {
    await row.before?.(side, world);
    images.forEach((image) => row.change?.(side, image));
  };
  const run = (side: Side) => (row.run ? row.run(side, world) : side.run());
  for (const side of sides) {
    for (const image of images) {
      await row.write(side, image);
    }
    await side.run();
    if (!row.isLong) {
      // What a first run leaves to the second: settled files, a warm cache of the disk.
      await change(side);
      await run(side);
    }
  }
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who is second finds the disk's cache warm, and a node that has just worked.
    for (const side of pair % 2 === 0 ? sides : [...sides].reverse()) {
      await change(side);
      runs.get(side)?.push(await run(side));
    }
    loads.push(os.loadavg()[0]);
    say(`${name}: pair ${pair + 1} of ${pairs}, ${seconds(started)}`);
  }
  const results: [SideName, SideResult][] = [];
  for (const side of sides) {
    const figures = figuresOf(runs.get(side) ?? []);
    await change(side);
    results.push([side.name, row.isLong ? figures : { ...figures, calls: await side.calls() }]);
  }
  const of = (at: number, what: (run: Run) => number) => (runs.get(sides[at]) ?? []).map(what);
  const ratio = (what: (run: Run) => number) => ratioOf(of(0, what), of(1, what));
  return {
    name,
    title: row.title,
    goal: row.goal,
    pairs,
    ...circumstances(loads),
    sides: Object.fromEntries(results),
    ratios: {
      seconds: ratio((each) => each.seconds),
      cpuSeconds: ratio((each) => each.cpuSeconds),
      memory: ratio((each) => each.memoryBytes),
    },
  };
}

function figuresOf(runs: readonly Run[]): SideResult {
  const spread = (what: (run: Run) => number) => spreadOf(runs.map(what));
  const known = (what: (run: Run) => number | undefined) => {
    const figures = runs.flatMap((run) => what(run) ?? []);
    return figures.length > 0 ? spreadOf(figures) : undefined;
  };
  return {
    seconds: spread((run) => run.seconds),
    cpuSeconds: spread((run) => run.cpuSeconds),
    memoryMegabytes: spread((run) => run.memoryBytes / 1e6),
    sentBytes: spread((run) => run.sentBytes),
    afterWakeSeconds: known((run) => run.afterWakeSeconds),
    oursAfterWakeSeconds: known((run) => run.oursAfterWakeSeconds),
  };
}
