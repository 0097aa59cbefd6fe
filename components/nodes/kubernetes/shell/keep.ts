import { setTimeout as sleep } from "node:timers/promises";

/** The way to one node, as a carrier goes it. */
export interface Way {
  /** Leads to the node's pod as it is now. Says whether there is one. */
  find(): Promise<boolean>;
  /** Ends when a connection that was there is no more. @throws where none could be made. */
  hold(): Promise<void>;
}

const usualTimes = { againMilliseconds: 2_000, goneMilliseconds: 60_000 };

/** Keeps a connection to a node until then. It is made again when it breaks, until none could be made for a minute. */
export async function keep(way: Way, until: Date, signal: AbortSignal, times = usualTimes): Promise<void> {
  let lastSeen = Date.now();
  while (new Date() < until && !signal.aborted && Date.now() - lastSeen < times.goneMilliseconds) {
    // A cluster that does not answer for a moment says nothing of its pods.
    if (await way.find().catch(() => false)) {
      await way.hold().then(
        () => (lastSeen = Date.now()),
        () => undefined,
      );
    }
    await sleep(signal.aborted ? 0 : times.againMilliseconds);
  }
}
