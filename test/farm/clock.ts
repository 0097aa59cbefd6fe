import type { Stack } from "../main/stack";

/**
 * The clock of the machine that a stack's commands run on, as far as Node's programs see it: Pulumi's program and the
 * stand-ins of providers. https://github.com/wolfcw/libfaketime
 */
export class Clock {
  private offset?: string;

  /** Options of the stack whose clock it is. */
  readonly options = {
    // Timers must go on as they do.
    environment: { FAKETIME_DONT_FAKE_MONOTONIC: "1" },
    enter: (command: string[]): string[] =>
      this.offset ? ["/usr/bin/faketime", "-f", this.offset, ...command] : command,
  };

  /** @param offset from now: `-400d`, `+1h`; none: the right time. */
  set(offset?: string): void {
    this.offset = offset;
  }
}

/** What an update did with which resources: `["replaced PrivateKey farm-client", …]`. */
export function changesOf(output: string): string[] {
  const lines = output.matchAll(/^ *[+~-]+ +\S+:(\w+) (\S+) (created|updated|replaced|deleted) \(/gm);
  return [...lines].map(([, type, name, what]) => `${what} ${type} ${name}`).sort();
}

/** An update that has to go well, and after which another one has nothing to do. */
export async function upForGood(stack: Stack, ...extra: string[]): Promise<{ output: string; seconds: number }> {
  const outcome = await stack.up(...extra);
  if (outcome.code !== 0) {
    throw new Error(outcome.output);
  }
  const again = await stack.up("--expect-no-changes");
  if (again.code !== 0) {
    throw new Error(`not a no-op: ${again.output}`);
  }
  return outcome;
}
