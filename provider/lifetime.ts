import * as net from "node:net";

/** Twice in vain, with a second between, is gone: the engine is on this machine. */
const checkMilliseconds = 1_000;
const mostMisses = 2;

/** After a signal, Pulumi waits 5 s for a plugin. */
const graceMilliseconds = 4_000;
/** After an interrupt: enough for docker-build to give up its builds, so that nodes are let go. */
const cancelMilliseconds = 2_000;

/**
 * Ends this process with the engine that started it. One that outlived it would renew the leases of its builds for ever, and
 * so keep nodes awake (https://github.com/pulumi/pulumi/issues/8696).
 */
export function endWith(engineAddress: string | undefined): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => end(graceMilliseconds));
  }
  if (engineAddress === undefined) {
    return;
  }
  const parent = process.ppid;
  let misses = 0;
  setInterval(() => {
    void answers(engineAddress).then((isThere) => {
      misses = isThere ? 0 : misses + 1;
      if (misses >= mostMisses || process.ppid !== parent) {
        process.exit(1);
      }
    });
  }, checkMilliseconds).unref();
}

/** Ends soon: what is under way has a little time to be given up. */
export function cancel(): void {
  setTimeout(() => end(0), cancelMilliseconds);
}

/** A program that ends says so before, and the library gives up then what it holds; a provider is told to end. */
function end(milliseconds: number): void {
  if (process.listenerCount("beforeExit") === 0) {
    process.exit(0);
  }
  process.emit("beforeExit", 0);
  setTimeout(() => process.exit(0), milliseconds);
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
