/** The text of an IAM policy, as far as documents of this repository use it. */
export interface Policy {
  Version?: string;
  Statement: readonly Statement[];
}

interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Action: string | readonly string[];
  Resource: string | readonly string[];
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a request tells besides its action and resource: `aws:RequestTag/…`, `ec2:CreateAction`. Some have several values. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[]>>;

/** What IAM asks a caller's policies for: a call asks for one or several of these. */
export interface Permission {
  /** As IAM names it: `ec2:RunInstances`. */
  action: string;
  /** An ARN, or `*` where the action knows no resources. */
  resource: string;
  keys: ConditionKeys;
}

const members = ["Sid", "Effect", "Action", "Resource", "Condition"];

/**
 * Whether the policies together allow it. What of a policy is not known here is an error, and never an answer.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed(policies: readonly Policy[], permission: Permission): boolean {
  const matching = policies
    .flatMap(({ Statement }) => Statement)
    .filter((statement) => isAbout(statement, permission) && isMet(statement.Condition, permission.keys));
  return matching.length > 0 && matching.every(({ Effect }) => Effect === "Allow");
}

/** All actions that a policy speaks of. */
export function actionsOf({ Statement }: Policy): string[] {
  return [...new Set(Statement.flatMap(({ Action }) => list(Action)))].sort();
}

/** IAM ignores case in actions. */
function isAbout(statement: Statement, { action, resource }: Permission): boolean {
  const unknown = Object.keys(statement).filter((member) => !members.includes(member));
  if (unknown.length > 0) {
    throw new Error(`${unknown.join(", ")} of a policy's statement is not known here: add it`);
  }
  return (
    list(statement.Action).some((each) => matches(each.toLowerCase(), action.toLowerCase())) &&
    list(statement.Resource).some((each) => each === "*" || matchesArn(each, resource))
  );
}

type Test = (wanted: string, value: string) => boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const operators: Record<string, Test> = {
  StringEquals: (wanted, value) => wanted === value,
  StringLike: matches,
  ArnEquals: matchesArn,
  ArnLike: matchesArn,
  Bool: (wanted, value) => wanted.toLowerCase() === value.toLowerCase(),
};

function isMet(condition: Statement["Condition"] = {}, keys: ConditionKeys): boolean {
  return Object.entries(condition).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, values]) => {
      const value: string | readonly string[] | undefined = keys[key];
      if (operator === "Null") {
        return list(values).includes(String(value === undefined));
      }
      if (operator === "StringNotLike" && typeof value !== "object") {
        // A key that is not there is none of the values.
        return value === undefined || !list(values).some((each) => matches(each, value));
      }
      const [, forAll, name, ifExists] = /^(ForAllValues:)?(.*?)(IfExists)?$/.exec(operator) ?? [];
      const test = operators[name];
      if (!test || (typeof value === "object" && forAll === undefined)) {
        throw new Error(`condition ${operator} of a policy is not known here: add it`);
      }
      // Of no values at all, "for all of them" is met.
      return value === undefined
        ? (forAll ?? ifExists) !== undefined
        : list(value).every((own) => list(values).some((each) => test(each, own)));
    }),
  );
}

/** Part by part: no wildcard reaches over a colon. */
function matchesArn(pattern: string, arn: string): boolean {
  const [wanted, parts] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === parts.length && wanted.every((each, at) => matches(each, parts[at]));
}

/** The resource itself is the sixth, and may have colons of its own. */
function partsOf(arn: string): string[] {
  const parts = arn.split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/** IAM knows the wildcards `*` and `?`. */
function matches(pattern: string, text: string): boolean {
  if (pattern.includes("${")) {
    throw new Error(`the variable in ${pattern} of a policy is not known here: add it`);
  }
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}
