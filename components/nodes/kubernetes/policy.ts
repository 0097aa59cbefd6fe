/** A rule of a Role: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

/** What hooks ask of the cluster, in the namespace of a node, and no more. */
export const buildRules: readonly Rule[] = [
  { apiGroups: ["batch"], resources: ["jobs"], verbs: ["get", "create", "delete"] },
  { apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  // Kubernetes before 1.35 asks for `get` at a WebSocket, and later ones for `create`, too.
  { apiGroups: [""], resources: ["pods/portforward"], verbs: ["get", "create"] },
];

/** What the command line asks for besides: a builder is found by a Secret of each of its nodes. */
export const shellRules: readonly Rule[] = [{ apiGroups: [""], resources: ["secrets"], verbs: ["list"] }];

/** What Pulumi's provider asks for besides, to declare a builder. */
export const manageRules: readonly Rule[] = [
  {
    apiGroups: [""],
    resources: ["configmaps", "persistentvolumeclaims", "secrets"],
    verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
  },
];
