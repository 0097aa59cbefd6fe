/** The text of an IAM policy, as far as documents of this repository use it. */
export interface Policy {
  Statement: readonly Statement[];
}

interface Statement {
  Effect: "Allow" | "Deny";
  Action: string | readonly string[];
  Resource: string | readonly string[];
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a request tells besides its action and resource: `aws:RequestTag/…`, `ec2:CreateAction`. */
export type ConditionKeys = Readonly<Record<string, string>>;

/**
 * Whether the policies together allow an action on a resource, or, without one, on any resource at all. IAM ignores case
 * in actions, and knows the wildcards `*` and `?`.
 *
 * @param action as IAM names it: `ec2:RunInstances`
 * @param resource an ARN, or `*` for an action that knows no resources
 * @param keys without them all conditions are taken as met
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed(
  policies: readonly Policy[],
  action: string,
  resource?: string,
  keys?: ConditionKeys,
): boolean {
  const matching = policies
    .flatMap(({ Statement }) => Statement)
    .filter(
      ({ Action, Resource, Condition }) =>
        list(Action).some((each) => matches(each.toLowerCase(), action.toLowerCase())) &&
        (resource === undefined || list(Resource).some((each) => matches(each, resource))) &&
        (keys === undefined || isMet(Condition, keys)),
    );
  return matching.length > 0 && matching.every(({ Effect }) => Effect === "Allow");
}

function isMet(condition: Statement["Condition"] = {}, keys: ConditionKeys): boolean {
  return Object.entries(condition).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, values]) => {
      switch (operator) {
        case "Null":
          return list(values).includes(String(keys[key] === undefined));
        case "StringEquals":
        case "ArnEquals":
          return keys[key] !== undefined && list(values).includes(keys[key]);
        default:
          throw new Error(`condition ${operator} of a policy is not known here: add it`);
      }
    }),
  );
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
