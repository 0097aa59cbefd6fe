import { isBuilderName } from "../../../support/names";

/**
 * What IAM compares a builder's name with: the registered name, or, for the part before the hash, that with any hash, so
 * that a policy can be there before the builder. Eight `?` and no `*`, which would let in builders whose names go on.
 */
export function builderPattern(name: string): string {
  const isRegistered: boolean = isBuilderName(name);
  return isRegistered ? name : `${name}-????????`;
}

/** What looks like a hash that was typed or copied wrong: its digits are not eight, or not all of 0-9 and a-f. */
const almostHash = /-(?=[a-z]*\d)([0-9a-z]{6,10})$/;

/** Which builders a policy for a name counts for. Nobody was asked whether there are any: nothing else shows a wrong name. */
export function describePattern(name: string): string {
  const isRegistered: boolean = isBuilderName(name);
  if (isRegistered) {
    return (
      `This policy counts for the builder that is registered as ${name}, and for no other. If none is, it allows nothing: ` +
      `the output \`builderName\` of its stack, or \`multi-platform-image status ${name}\`, tells.`
    );
  }
  const [, hash] = almostHash.exec(name) ?? [];
  return (
    `This policy counts for every builder that is registered as ${name}- and eight digits, in whichever stack` +
    (hash
      ? `; ${hash} is no hash of a builder, which has eight digits of 0-9 and a-f. Fix, if it was meant as one: copy the output \`builderName\`.`
      : ".")
  );
}
