import * as pulumi from "@pulumi/pulumi";

/** In the place of a value that is a secret. */
const hidden = "[secret]";

/**
 * A value as anybody may know it: wherever an output in it is a secret, a word stands in its place. Pulumi itself can only say
 * of the whole that something in it is secret.
 */
export function withoutSecrets(value: unknown): pulumi.Output<unknown> {
  if (pulumi.Output.isInstance(value)) {
    const output: pulumi.OutputInstance<unknown> = value;
    const isSecret = pulumi.output(pulumi.isSecret(output));
    return isSecret.apply((is): pulumi.Input<unknown> => (is ? hidden : output.apply(withoutSecrets)));
  }
  if (value instanceof Promise) {
    const output = pulumi.output(value) as pulumi.OutputInstance<unknown>;
    return output.apply(withoutSecrets);
  }
  if (Array.isArray(value)) {
    return pulumi.all(value.map(withoutSecrets));
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return pulumi.all(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each)])));
  }
  return pulumi.output(value);
}
