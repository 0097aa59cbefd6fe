import * as fs from "node:fs";
import * as path from "node:path";

import { execute } from "../hosts";
import { type Spec, type Stack, type StackOptions, temporaryDirectory } from "../main/stack";
import type { CheckoutOptions } from "./checkouts";

/** How a checkout is made and run, and what is done to it then. */
export interface Checkout extends CheckoutOptions {
  change?: (stack: Stack) => unknown;
}

/** What differs between checkouts of the same content, which must move no digest. */
export function checkoutsOfTheSame(
  base: () => { environment: StackOptions["environment"]; spec: (image?: Record<string, unknown>) => Spec },
): Record<string, () => Checkout> {
  return {
    "in a fresh clone at another path": () => ({}),
    "with umask 002": () => ({ umask: "002" }),
    "with umask 077": () => ({ umask: "077" }),
    "of a program that runs with umask 077": () => ({ enter: inShell('umask 077 && exec "$@"') }),
    "with another HOME": () => ({ home: temporaryDirectory("home") }),
    "on a machine of another name, with another HOME and TMPDIR": () => ({
      home: temporaryDirectory("home"),
      environment: { ...base().environment, TMPDIR: temporaryDirectory("tmp") },
      enter: (command) => ["/usr/bin/unshare", "--uts", "--", ...inShell('/bin/hostname other && exec "$@"')(command)],
    }),
    "with an ignored file and an empty folder more": () => ({
      change: (stack) => {
        stack.write("app/ignored/more.txt", "more");
        fs.mkdirSync(path.join(stack.directory, "app/empty"));
      },
    }),
    "with an absolute path to its context": () => ({
      change: (stack) => {
        const [location, lib] = ["app", "lib"].map((name) => path.join(stack.directory, name));
        stack.declare(base().spec({ context: { location, named: { lib: { location: lib } } } }));
      },
    }),
    "of another owner": () => ({
      change: ({ directory }) => execute(["chown", "-R", "12345:12345", `${directory}/app`, `${directory}/lib`]),
    }),
    "with other times": () => ({
      change: ({ directory }) =>
        execute(["find", `${directory}/app`, "-exec", "touch", "-h", "-d", "2001-02-03", "{}", "+"]),
    }),
    "with the sources read-only": () => ({
      change: ({ directory }) => execute(["chmod", "-R", "a-w", `${directory}/app`]),
    }),
  };
}

/** One that differs in all of that; where two can't both be, the later one counts. */
export function allOf(checkouts: readonly Checkout[]): Checkout & Required<Pick<Checkout, "change">> {
  const enter = checkouts.flatMap((each) => each.enter ?? []);
  return {
    ...(Object.assign({}, ...checkouts) as Checkout),
    ...(enter.length > 0 && { enter: (command: string[]) => enter.reduce((inner, one) => one(inner), command) }),
    change: async (stack) => {
      for (const { change } of checkouts) await change?.(stack);
    },
  };
}

/** The command line that has a shell prepare something for a command. */
function inShell(script: string): (command: string[]) => string[] {
  return (command) => ["/bin/sh", "-c", script, "sh", ...command];
}
