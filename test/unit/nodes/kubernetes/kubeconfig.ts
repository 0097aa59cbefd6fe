/** The least of a kubeconfig for a cluster at that address, as an object. */
export function kubeconfigOf(server: string, cluster: object = {}, user: object = {}) {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "farm", cluster: { server, ...cluster } }],
    users: [{ name: "ci", user: { token: "a-token", ...user } }],
    contexts: [{ name: "builds", context: { cluster: "farm", user: "ci" } }],
    "current-context": "builds",
  };
}
