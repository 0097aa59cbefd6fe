const hash = /-[0-9a-f]{8}$/;

/** Whether a name ends as registered names do. */
export function isRegisteredName(name: string): boolean {
  return hash.test(name);
}

/**
 * What IAM compares a builder's name with: the registered name, or, for the part before the hash, that with any hash, so
 * that a policy can be there before the builder. Eight `?` and no `*`, which would let in builders whose names go on.
 */
export function builderPattern(name: string): string {
  return isRegisteredName(name) ? name : `${name}-????????`;
}
