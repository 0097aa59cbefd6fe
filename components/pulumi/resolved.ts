import * as pulumi from "@pulumi/pulumi";

/**
 * The value of an output for a hook: hooks run when all inputs of their resource are known. By the SDK's own promise, as
 * `apply` would wait for ever for an output that failed.
 */
export async function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return withoutSecretMarks(await (output as unknown as { promise(): Promise<T> }).promise()) as T;
}

const { specialSigKey, specialSecretSig } = pulumi.runtime;

/**
 * What a hook is given of a secret in a secret, as a password in `registries` that are one as a whole, keeps the mark that the
 * engine sends it with: the SDK takes off the outer one alone.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/callbacks.ts (`outputtifySecrets`)
 */
function withoutSecretMarks(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutSecretMarks);
  }
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  const record = value as Record<string, unknown>;
  if (record[specialSigKey] === specialSecretSig) {
    return withoutSecretMarks(record.value);
  }
  return Object.fromEntries(Object.entries(record).map(([key, each]) => [key, withoutSecretMarks(each)]));
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
