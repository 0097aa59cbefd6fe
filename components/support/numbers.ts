import { argumentError } from "./errors";

/** A size: a whole number from the least to the most that its owner takes. */
export function checkNumber(owner: string, argument: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw argumentError(owner, argument, value, `a whole number from ${least} to ${most} is allowed`);
  }
  return value;
}

/** A duration or count: a whole number from the least that makes sense. */
export function checkWholeNumber(owner: string, argument: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw argumentError(owner, argument, value, `a whole number of at least ${least} is allowed`);
  }
  return value;
}
