import type * as pulumi from "@pulumi/pulumi";

/** What the SDK keeps in an output: `apply` says nothing of a value that is not known, and never ends for one that failed. */
export interface Settling<T> {
  isKnown: Promise<boolean>;
  promise(): Promise<T>;
}

export function settling<T>(output: pulumi.Output<T>): Settling<T> {
  return output as unknown as Settling<T>;
}
