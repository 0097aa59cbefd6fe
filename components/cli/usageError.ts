import { BuildError } from "../support/errors";

/** A command line that means nothing: its reader needs the help text. */
export class UsageError extends BuildError {}
