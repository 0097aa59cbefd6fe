import { argumentError } from "../../support/errors";
import { isRecord } from "../../support/records";
import { commonArguments } from "../commonTable";
import type { KindPlan, NodeKind } from "../kind";
import type { KubernetesNodeArgs } from "./arguments";
import type { KubernetesConnection, KubernetesFacts } from "./connection";
import { isObjectName } from "./names";
import { normaliseKubernetes, type NormalKubernetesNode } from "./normalise";

const effect = "Kubernetes, would start if it does not run";

interface KubernetesPlan extends KindPlan {
  nodes: readonly NormalKubernetesNode[];
  idleTimeoutMinutes: number;
  maxLifetimeMinutes: number;
}

/* eslint-disable @typescript-eslint/no-require-imports -- loaded when they are called; import() takes twice as long */
/** With it come modules of the kubernetes provider, which other nodes don't need, and a constructor can't wait. */
const declaring = () => require("./declare/nodes") as typeof import("./declare/nodes");
/** How hooks reach the cluster. */
const provider = () => require("./declare/settings") as typeof import("./declare/settings");
const shell = () => require("./shell/shell") as typeof import("./shell/shell");
const running = () => require("./run/session") as typeof import("./run/session");
/* eslint-enable @typescript-eslint/no-require-imports */

/** BuildKit in a pod, which is there while somebody builds. */
export const kubernetes: NodeKind<KubernetesNodeArgs, KubernetesPlan, KubernetesFacts, KubernetesConnection> = {
  arguments: {
    ...commonArguments,
    cacheVolumeSizeGibibytes: "plain number",
    image: "text",
    insecureRegistries: "plain list",
    isolation: "plain text",
    maxParallelism: "plain number",
    namespace: "text",
    nodeSelector: "plain record",
    registryMirrors: "plain record",
    resources: { cpu: "plain text", memory: "plain text" },
    storageClass: "plain text",
    tolerations: "plain list",
  },
  lifecycles: ["stop-when-idle"],
  // A machine may have to be added for its pod.
  wakeTimeoutSeconds: 300,
  isOnThisMachine: false,
  sharing: {
    isFacts: () => true,
    problemOf: (connection, builderName, names) => {
      if (names.length === 0) {
        return undefined;
      }
      if (!isRecord(connection) || !isRecord(connection.tls) || !Array.isArray(connection.nodes)) {
        return "lacks `kubernetes`";
      }
      if (connection.builderName !== builderName) {
        return "has another `builderName` in `kubernetes`";
      }
      const pods = connection.nodes.filter(isRecord);
      const isPlaced = pods.every(({ objectName, namespace }) => isObjectName(objectName) && isObjectName(namespace));
      if (!isPlaced) {
        return "has a name in `kubernetes` that Kubernetes has not";
      }
      const known = pods.map(({ name }) => name);
      const missing = names.find((name) => !known.includes(name));
      return missing === undefined ? undefined : `has no pod for node ${missing} in \`kubernetes\``;
    },
  },
  check: (owner, path, node) => void normaliseKubernetes(owner, path, node),
  plan: (owner, nodes, _settings, { lifecycle, idleTimeoutMinutes, maxLifetimeMinutes }) => {
    if (idleTimeoutMinutes === null || maxLifetimeMinutes === null) {
      const remedy = 'pods of nodes of kind "kubernetes" end when they are idle, and their cache stays; leave it out';
      throw argumentError(owner, "lifecycle", lifecycle, remedy);
    }
    return {
      nodes: nodes.map((node) => normaliseKubernetes(owner, `node ${node.name}`, node)),
      idleTimeoutMinutes,
      maxLifetimeMinutes,
      insecureRegistries: nodes.flatMap(({ insecureRegistries = [] }) => insecureRegistries),
      effect,
    };
  },
  facts: () => ({}),
  effect: () => effect,
  declare: ({ component, name, builderName, life: { wakeTimeoutSeconds } }, plan) =>
    declaring().createKubernetesNodes(component, name, { ...plan, builderName, wakeTimeoutSeconds }),
  open: (nodes, { connection, component }) => {
    const opened = running().kubernetesNodes(connection, () => provider().clusterSettings(component));
    const own = nodes.flatMap(({ name, additionalPlatforms }) => {
      const found = opened.find((each) => each.name === name);
      return found ? [Object.assign(found, { additionalPlatforms })] : [];
    });
    return Promise.resolve({ nodes: own });
  },
  shell: () => shell().kubernetesShell,
};
