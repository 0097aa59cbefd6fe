import { plainText } from "./plainText";

/** A failure whose message is complete for its reader: what went wrong, with which value, and what to do. */
export class BuildError extends Error {
  override readonly name = "BuildError";

  constructor(message: string) {
    // It may quote others.
    super(plainText(message));
  }
}

/** The sentence for a wrong argument: which argument, what it was, what is allowed. */
export function argumentError(owner: string, argument: string, value: unknown, remedy: string): BuildError {
  const shown = value === undefined ? "missing" : JSON.stringify(value);
  return new BuildError(`${owner}: \`${argument}\` is ${shown}: ${remedy}`);
}
