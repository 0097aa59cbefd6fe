import { plainText } from "../support/plainText";
import { withoutLogins } from "../support/withoutLogins";

/** Changes text so that no value of an argument, no secret and no login is in it. */
export type Mask = (text: string) => string;

/** Shorter ones are in every text, and no secret is so short. */
export const leastCharacters = 4;

/**
 * BuildKit names a step with the values of its arguments, and a command's output may hold more of them: they are replaced by
 * the argument's name, and what is hidden by stars.
 *
 * @param named values of arguments, by name.
 * @param hidden values that have no name to show: secrets, passwords.
 */
export function maskOf(named: Readonly<Record<string, string>>, hidden: readonly string[]): Mask {
  const all = [
    ...hidden.flatMap((value) => partsOf(value).map((part) => [part, "***"] as const)),
    ...Object.entries(named).flatMap(([name, value]) => partsOf(value).map((part) => [part, `\${${name}}`] as const)),
  ].filter(([part]) => part.length >= leastCharacters);
  // Of two values, one of which is part of the other, the longer first.
  const sorted = [...new Map(all)].sort(([one], [other]) => other.length - one.length);
  const replaced = (text: string) =>
    sorted.reduce((masked, [part, instead]) => masked.replaceAll(part, () => instead), text);
  return (text) => {
    const masked = replaced(plainText(text));
    const withoutThem = withoutLogins(masked) as string;
    // BuildKit itself leaves some logins out: a value that is an URL is found without, too.
    return withoutThem === masked ? masked : replaced(withoutThem);
  };
}

/** The lines of a key are as secret as the key, and so is a value as texts have it: escaped, without controls, without a login. */
function partsOf(value: string): string[] {
  const parts = [value, ...value.split("\n"), JSON.stringify(value).slice(1, -1)].map(plainText);
  return [...parts, ...parts.map((part) => withoutLogins(part) as string)].map((part) => part.trim());
}
