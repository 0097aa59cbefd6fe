import * as net from "node:net";

import { undoHeld } from "../components/support/interruption";

/** Twice in vain, with a second between, is gone: the engine is on this machine. */
const checkMilliseconds = 1_000;
const mostMisses = 2;

/** After a signal, Pulumi waits 5 s for a plugin. */
const graceMilliseconds = 4_000;
/** Without an engine, nobody waits. */
const orphanMilliseconds = 2_000;
/** After an interrupt: enough for docker-build to give up its builds, so that hooks let nodes go by themselves. */
const cancelMilliseconds = 1_000;

/**
 * Ends this process with the engine that started it. One that outlived it would renew the leases of its builds for ever, and
 * so keep nodes awake (https://github.com/pulumi/pulumi/issues/8696).
 *
 * @param engineAddress not known where Pulumi does not start the plugin itself.
 */
export function endWith(engineAddress: string | undefined): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void end(graceMilliseconds));
  }
  if (engineAddress === undefined) {
    return;
  }
  const parent = process.ppid;
  let misses = 0;
  const timer = setInterval(() => {
    void answers(engineAddress).then((isThere) => {
      misses = isThere ? 0 : misses + 1;
      if (misses >= mostMisses || process.ppid !== parent) {
        clearInterval(timer);
        void end(orphanMilliseconds);
      }
    });
  }, checkMilliseconds).unref();
}

/** Ends soon: what is under way has a little time to be given up. */
export function cancel(): void {
  setTimeout(() => void end(graceMilliseconds), cancelMilliseconds);
}

let isEnding = false;

/** Gives up what the library holds, and ends. */
async function end(milliseconds: number): Promise<void> {
  if (isEnding) {
    return;
  }
  isEnding = true;
  setTimeout(() => process.exit(0), milliseconds);
  await undoHeld();
  process.exit(0);
}

function answers(address: string): Promise<boolean> {
  const at = address.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = net.connect(Number(address.slice(at + 1)), address.slice(0, at));
    const settle = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
    socket.setTimeout(checkMilliseconds, () => settle(true));
  });
}
