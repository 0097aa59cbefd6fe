import { buildEphemeralStatements, buildStatements, commandLineStatements } from "./build";
import type { PolicyDocument, Statement } from "./document";
import { manageEphemeralStatements, manageStatements } from "./manage";
import { type PolicyTarget, Scope } from "./scope";

interface CallerPolicy {
  /** Who needs it, as the end of a sentence. */
  who: string;
  statements: (scope: Scope) => Statement[];
}

/** What each kind of caller may do with one builder: no more than it does. */
const policies = {
  manage: {
    who: "who declares the builder, and builds with it: `pulumi up`, `refresh`, `destroy`",
    statements: manageStatements,
  },
  "manage-ephemeral": {
    who: 'who declares a builder with `lifecycle: "ephemeral"`; to build, build-ephemeral beside it',
    statements: manageEphemeralStatements,
  },
  build: {
    who: "who only builds with it, from other stacks or in CI",
    statements: buildStatements,
  },
  "build-ephemeral": {
    who: "who builds with ephemeral nodes: each update launches its own, and terminates them",
    statements: buildEphemeralStatements,
  },
  "command-line": {
    who: "who uses `wake`, `stop`, `status` and `clean --nodes`",
    statements: commandLineStatements,
  },
} as const satisfies Record<string, CallerPolicy>;

/** What a caller does with a builder. */
export type CallerRole = keyof typeof policies;

export const callerRoles = Object.keys(policies) as CallerRole[];

/** Who a policy is for. */
export function describeRole(role: CallerRole): string {
  return policies[role].who;
}

/** A whole policy, to be attached as it is. */
export function callerPolicy(role: CallerRole, target: PolicyTarget): PolicyDocument {
  return { Version: "2012-10-17", Statement: policies[role].statements(new Scope(target)) };
}
