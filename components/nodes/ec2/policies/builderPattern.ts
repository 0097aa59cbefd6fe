import { isBuilderName } from "../../../support/names";

/**
 * What IAM compares a builder's name with: the registered name, or, for the part before the hash, that with any hash, so
 * that a policy can be there before the builder. Eight `?` and no `*`, which would let in builders whose names go on.
 */
export function builderPattern(name: string): string {
  const isRegistered: boolean = isBuilderName(name);
  return isRegistered ? name : `${name}-????????`;
}
