import type * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output for a hook: hooks run when all inputs of their resource are known. By the SDK's own promise, as
 * `apply` would wait for ever for an output that failed.
 */
export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}
