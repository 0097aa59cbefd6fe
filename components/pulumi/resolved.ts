import * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output for a hook: hooks run when all inputs of their resource are known. By the SDK's own promise, as
 * `apply` would wait for ever for an output that failed.
 */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}

/** The value of an output, or another one in a preview that does not know it. */
export async function resolvedOr<T>(output: pulumi.Output<T>, otherwise: T): Promise<T> {
  const isKnown = await (output as unknown as { isKnown: Promise<boolean> }).isKnown;
  return isKnown ? resolved(output) : otherwise;
}

/** Whether docker-build's digest is of an image that a preview has not built: it says "" where it means "not known yet". */
export function isUnbuilt(digest: string): boolean {
  return !digest && pulumi.runtime.isDryRun();
}
