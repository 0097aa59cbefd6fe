import type { PolicyOptions } from "../../shell";
import { buildRules, manageRules, type Rule, shellRules } from "../policy";

const roles = {
  manage: { who: "declares the builder and builds on it", rules: [...buildRules, ...manageRules] },
  build: { who: "only builds on it: an image of another stack", rules: buildRules },
  "command-line": { who: "uses wake, stop, status and clean", rules: [...buildRules, ...shellRules] },
} satisfies Record<string, { who: string; rules: readonly Rule[] }>;

/** For whom there are Roles. */
export const kubernetesRoles = Object.entries(roles).map(([name, { who }]) => ({ name, who }));

/**
 * What a caller may do in a namespace, as a Role to apply.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export function rolePolicy({ role, namespace = "default" }: Pick<PolicyOptions, "role" | "namespace">): string {
  const { rules } = roles[role as keyof typeof roles];
  // Without quotes YAML takes a namespace `2024` for a number.
  const list = (values: readonly string[]) => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  const lines = rules.flatMap(({ apiGroups, resources, verbs }) => [
    `  - apiGroups: ${list(apiGroups)}`,
    `    resources: ${list(resources)}`,
    `    verbs: ${list(verbs)}`,
  ]);
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: ${roleName(role)}
  namespace: ${JSON.stringify(namespace)}
rules:
${lines.join("\n")}
`;
}

/** Names of builders have beginnings, and rules have none. */
export function describeRole({ role, namespace = "default" }: Pick<PolicyOptions, "role" | "namespace">): string {
  return (
    `This Role counts for every builder with nodes in namespace ${namespace}: a rule knows no beginnings of names. ` +
    `Apply it with \`kubectl apply -f FILE\`, and bind it: \`kubectl create rolebinding ${roleName(role)} --namespace ${namespace} --role ${roleName(role)} --user USER\`.`
  );
}

function roleName(role: string): string {
  return `multi-platform-image-${role}`;
}
