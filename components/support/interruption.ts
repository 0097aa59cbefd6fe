import * as os from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const undoings = new Set<() => Promise<void>>();
let undone: Promise<unknown> = Promise.resolve();

/** While it undoes: then a signal ends this process at once. */
let isUndoing = false;

/**
 * Has `undo` run when this process is asked to end. A terminal's Ctrl-C reaches the program at the same moment as Pulumi, and
 * Node would end it at once: https://nodejs.org/api/process.html#signal-events. The second Ctrl-C does.
 *
 * @param undo bounded in time by itself.
 * @returns a function after which `undo` does not run any more.
 */
export function onInterruption(undo: () => Promise<void>): () => void {
  undoings.add(undo);
  listenWhereNeeded();
  return () => {
    undoings.delete(undo);
    listenWhereNeeded();
  };
}

function undoAll(signal: NodeJS.Signals): void {
  void undoHeld().then(() => {
    // A program with a handler of its own, as those of the Automation API may have, decides itself when it ends.
    if (process.listenerCount(signal) === 0) {
      process.exit(128 + os.constants.signals[signal]);
    }
  });
}

/**
 * Undoes what is to be undone, for a process that ends without a signal; also what a hook takes meanwhile that was on its way
 * to do so.
 */
export async function undoHeld(): Promise<void> {
  isUndoing = true;
  listenWhereNeeded();
  do {
    undone = Promise.allSettled([undone, ...[...undoings].map((undo) => undo())]);
    undoings.clear();
    await undone;
  } while (undoings.size > 0);
  isUndoing = false;
}

function listenWhereNeeded(): void {
  signals.forEach((signal) => process.off(signal, undoAll));
  if (undoings.size > 0 && !isUndoing) {
    signals.forEach((signal) => process.on(signal, undoAll));
  }
}
