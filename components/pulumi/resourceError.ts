import * as util from "node:util";

import * as pulumi from "@pulumi/pulumi";

import { BuildError } from "../support/errors";

/**
 * An error that Pulumi prints as one sentence, wherever it is thrown.
 *
 * The SDK shows errors by `util.inspect`, which takes some 15 s for one that comes from an exported output (it walks the
 * graph of promises that hangs on it) and adds a stack trace: this one shows itself.
 */
export class PlainResourceError extends pulumi.ResourceError {
  constructor(message: string, resource: pulumi.Resource) {
    super(message, resource, true);
    this.stack = message;
  }

  [util.inspect.custom](): string {
    return this.message;
  }
}

/** Runs a check of arguments, and gives its failure the form that Pulumi prints well. */
export function asResourceError<T>(resource: pulumi.Resource, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof BuildError ? new PlainResourceError(error.message, resource) : error;
  }
}
