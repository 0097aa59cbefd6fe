/** The text of an IAM policy, as far as documents of this repository use it. */
export interface Policy {
  Statement: readonly Statement[];
}

interface Statement {
  Effect: "Allow" | "Deny";
  Action: string | readonly string[];
  Resource: string | readonly string[];
  /** Taken as met: they are about tags, which a log of calls does not tell. */
  Condition?: unknown;
}

/**
 * Whether the policies together allow an action on a resource, or, without one, on any resource at all. IAM ignores case
 * in actions, and knows the wildcards `*` and `?`.
 *
 * @param action as IAM names it: `ec2:RunInstances`
 * @param resource an ARN
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed(policies: readonly Policy[], action: string, resource?: string): boolean {
  const matching = policies
    .flatMap(({ Statement }) => Statement)
    .filter(
      ({ Action, Resource }) =>
        list(Action).some((each) => matches(each.toLowerCase(), action.toLowerCase())) &&
        (resource === undefined || list(Resource).some((each) => matches(each, resource))),
    );
  return matching.length > 0 && matching.every(({ Effect }) => Effect === "Allow");
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
