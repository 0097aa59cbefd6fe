import { type Log, withProgress } from "../progress";
import type { Answer } from "./questions";
import type { Row } from "./report";
import type { Seen, VerifyStep } from "./steps";
import type { CleanUp, Leftover, World } from "./world";

const mostTries = 3;

/** What a run did. */
export interface Life {
  rows: Row[];
  leftovers: Leftover[];
  answers: readonly Answer[];
}

/** Runs the steps up to the first that fails, or until the user wants to stop; then destroys everything, in any case. */
export async function runLife(
  steps: readonly VerifyStep[],
  world: World,
  cleanUp: CleanUp,
  stop: AbortSignal,
  log: Log,
): Promise<Life> {
  const seen: Seen = {};
  const rows: Row[] = [];
  for (const { name, asserts, run } of steps) {
    const isOver = stop.aborted || rows.some(({ result }) => result !== "ok");
    rows.push(
      isOver
        ? { name, asserts, seconds: 0, result: "not run" }
        : await timed(name, asserts, (progress) => run(world, seen, progress), log),
    );
  }
  rows.push(await timed("destroy", "everything is deleted", () => retry(() => cleanUp.destroy(), cleanUp, log), log));
  let leftovers: Leftover[] = [];
  const look = async () => {
    leftovers = await cleanUp.leftovers();
    if (leftovers.length > 0) {
      throw new Error(`${leftovers.length} left: ${leftovers.map(({ what }) => what).join(", ")}`);
    }
  };
  // AWS lists for a while what is gone, so that it is asked again.
  rows.push(await timed("nothing left", "AWS lists nothing of this run", () => retry(look, cleanUp, log), log));
  return { rows, leftovers, answers: seen.answers ?? [] };
}

/** A row of the table: how long something took, and how it ended. */
export async function timed(
  name: string,
  asserts: string,
  work: Parameters<typeof withProgress<void>>[1],
  log: Log,
): Promise<Row> {
  const started = Date.now();
  const elapsed = () => Math.round((Date.now() - started) / 100) / 10;
  try {
    await withProgress(name, work, log);
    return { name, asserts, seconds: elapsed(), result: "ok" };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log(`${name}: failed: ${message}`);
    return { name, asserts, seconds: elapsed(), result: "failed", error: message };
  }
}

async function retry(work: () => Promise<void>, { pause }: CleanUp, log: Log): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= mostTries) {
        throw error;
      }
      log(`try ${tries} of ${mostTries}: ${(error as Error).message}`);
      await pause();
    }
  }
}
