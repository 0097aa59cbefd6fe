import { type Log } from "../progress";

/** What signals ask for. */
export interface Interruption {
  /** No further step. */
  stop: AbortSignal;
  /** The command that runs now ends too. */
  interrupt: AbortSignal;
  release: () => void;
}

/**
 * Ctrl-C, SIGTERM and a closed terminal end the steps, never the clean-up after them.
 *
 * A terminal sends Ctrl-C to pulumi as well, which ends in its own order; a second SIGINT would make it leave at once and
 * forget what it was making. So the first one is not passed on, and the others, which may reach only this process, are.
 */
export function catchSignals(log: Log, source: NodeJS.EventEmitter = process): Interruption {
  const stop = new AbortController();
  const interrupt = new AbortController();
  const onInterrupt = () => {
    if (stop.signal.aborted) {
      interrupt.abort();
      return;
    }
    log("stopping: what runs now comes to its end, then everything is destroyed; Ctrl-C again ends it at once");
    stop.abort();
  };
  const onTerminate = () => {
    log("stopping: then everything is destroyed");
    stop.abort();
    interrupt.abort();
  };
  source.on("SIGINT", onInterrupt).on("SIGTERM", onTerminate).on("SIGHUP", onTerminate);
  return {
    stop: stop.signal,
    interrupt: interrupt.signal,
    release: () => void source.off("SIGINT", onInterrupt).off("SIGTERM", onTerminate).off("SIGHUP", onTerminate),
  };
}
