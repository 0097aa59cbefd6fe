/** The text of an IAM policy. */
export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: Statement[];
}

export interface Statement {
  Sid: string;
  Effect: "Allow";
  Action: string[];
  Resource: string[];
  Condition?: Condition;
}

/** Operator to key to values: all of them must hold, and of the values one. */
export type Condition = Record<string, Record<string, string | string[]>>;

/** What a statement says besides its name: all of them allow. */
export function allow(Sid: string, Action: string[], Resource: string[], ...conditions: Condition[]): Statement {
  const Condition = mergeConditions(conditions);
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition && { Condition }) };
}

function mergeConditions(conditions: readonly Condition[]): Condition | undefined {
  const merged: Condition = {};
  for (const condition of conditions) {
    for (const [operator, keys] of Object.entries(condition)) {
      merged[operator] = { ...merged[operator], ...keys };
    }
  }
  return conditions.length > 0 ? merged : undefined;
}
