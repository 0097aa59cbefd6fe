import * as readline from "node:readline/promises";

export interface Consent {
  /** `--yes` was given. */
  yes: boolean;
  isInteractive: boolean;
  ask: (question: string) => Promise<string>;
}

/**
 * Whether the user wants the cost.
 * @throws Error where nobody can be asked
 */
export async function hasConsent({ yes, isInteractive, ask }: Consent): Promise<boolean> {
  if (yes) {
    return true;
  }
  if (!isInteractive) {
    throw new Error(
      "verify:aws costs money and nobody can be asked here. Fix: run it in a terminal, or `npm run verify:aws -- --yes`.",
    );
  }
  return /^y(es)?$/i.test((await ask("Go on? [y/N] ")).trim());
}

/** Asks on this terminal. */
export async function askUser(question: string): Promise<string> {
  const terminal = readline.createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
