import * as os from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const undoings = new Set<() => Promise<void>>();
let undone: Promise<unknown> = Promise.resolve();

/**
 * Has `undo` run when this process is asked to end. A terminal's Ctrl-C reaches the program at the same moment as Pulumi, and
 * Node would end it at once: https://nodejs.org/api/process.html#signal-events. The second Ctrl-C does.
 *
 * @param undo bounded in time by itself.
 * @returns a function after which `undo` does not run any more.
 */
export function onInterruption(undo: () => Promise<void>): () => void {
  if (undoings.size === 0) {
    signals.forEach((signal) => process.on(signal, undoAll));
  }
  undoings.add(undo);
  return () => {
    undoings.delete(undo);
    if (undoings.size === 0) {
      stopListening();
    }
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

/** Undoes what is to be undone, for a process that ends without a signal. */
export async function undoHeld(): Promise<void> {
  stopListening();
  undone = Promise.allSettled([undone, ...[...undoings].map((undo) => undo())]);
  undoings.clear();
  await undone;
}

function stopListening(): void {
  signals.forEach((signal) => process.off(signal, undoAll));
}
